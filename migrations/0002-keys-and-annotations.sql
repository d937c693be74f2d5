-- Keys with scopes, the record of who changed what, and words that people add to models and versions.

-- A key is never deleted, so that what was done with it can always be told; revoking is final.
CREATE TABLE keys (
  sequence INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE CHECK (length(id) = 12 AND id NOT GLOB '*[^0-9a-z]*'),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  secret_digest TEXT NOT NULL UNIQUE
    CHECK (length(secret_digest) = 71 AND secret_digest GLOB 'sha256:*' AND substr(secret_digest, 8) NOT GLOB '*[^0-9a-f]*'),
  infer INTEGER NOT NULL CHECK (infer IN (0, 1)),
  admin INTEGER NOT NULL CHECK (admin IN (0, 1)),
  metrics INTEGER NOT NULL CHECK (metrics IN (0, 1)),
  models TEXT  -- NULL: all
    CHECK (models IS NULL OR (json_valid(models) AND json_type(models) = 'array' AND json_array_length(models) > 0)),
  created_at TEXT NOT NULL CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at)),
  expires_at TEXT CHECK (expires_at IS strftime('%Y-%m-%dT%H:%M:%fZ', expires_at)),  -- NULL: never
  revoked_at TEXT CHECK (revoked_at IS strftime('%Y-%m-%dT%H:%M:%fZ', revoked_at)),
  last_used_at TEXT CHECK (last_used_at IS strftime('%Y-%m-%dT%H:%M:%fZ', last_used_at)),  -- to the minute
  CHECK (infer + admin + metrics > 0),
  CHECK (expires_at IS NULL OR expires_at > created_at),
  -- A list of models limits inference; beside the right to administer it would limit nothing.
  CHECK (models IS NULL OR (infer = 1 AND admin = 0))
) STRICT;

-- Of two keys that work, each has a name of its own, so that a name in the record means one key.
CREATE UNIQUE INDEX keys_by_name ON keys (name) WHERE revoked_at IS NULL;

CREATE TRIGGER keys_list_names_of_models BEFORE INSERT ON keys
WHEN EXISTS (SELECT * FROM json_each(NEW.models)
  WHERE type <> 'text' OR length(value) NOT BETWEEN 1 AND 64 OR value NOT GLOB '[a-z0-9]*' OR value GLOB '*[^a-z0-9._-]*')
BEGIN SELECT RAISE(ABORT, 'a key lists models by their names'); END;

CREATE TRIGGER keys_never_change BEFORE UPDATE OF sequence, id, name, secret_digest, infer, admin, metrics, models, created_at, expires_at ON keys
BEGIN SELECT RAISE(ABORT, 'a key never changes: make another and revoke this one'); END;

CREATE TRIGGER keys_are_revoked_for_good BEFORE UPDATE OF revoked_at ON keys WHEN OLD.revoked_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a key is revoked once'); END;

CREATE TRIGGER keys_are_kept BEFORE DELETE ON keys
BEGIN SELECT RAISE(ABORT, 'a key is revoked, not deleted'); END;

-- Counts new and revoked keys, as catalogue.generation counts changes to models.
CREATE TABLE keyring (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  generation INTEGER NOT NULL
) STRICT;
INSERT INTO keyring (id, generation) VALUES (1, 0);

CREATE TRIGGER keyring_counts_new_keys AFTER INSERT ON keys
BEGIN UPDATE keyring SET generation = generation + 1; END;
CREATE TRIGGER keyring_counts_revoked_keys AFTER UPDATE OF revoked_at ON keys
BEGIN UPDATE keyring SET generation = generation + 1; END;

-- Who changed what, when and from where: a line for each change, written in the transaction of the change.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  time TEXT NOT NULL CHECK (time IS strftime('%Y-%m-%dT%H:%M:%fZ', time)),
  key TEXT CHECK (key <> ''),  -- 'admin' is the store's own key; NULL: no key, the command line
  actor TEXT NOT NULL CHECK (actor <> ''),
  action TEXT NOT NULL CHECK (action GLOB '[a-z]*.[a-z]*' AND action NOT GLOB '*[^a-z.]*'),
  target TEXT NOT NULL CHECK (target <> ''),
  detail TEXT NOT NULL CHECK (json_valid(detail) AND json_type(detail) = 'object'),
  address TEXT CHECK (address <> '')
) STRICT;
CREATE INDEX audit_by_action ON audit (action, id);
CREATE INDEX audit_by_target ON audit (target, id);
CREATE INDEX audit_by_key ON audit (key, id);

CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the record of changes is never rewritten'); END;

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the record of changes is never deleted'); END;

-- With which key an alias was moved; NULL: none, or before keys were recorded.
ALTER TABLE alias_history ADD COLUMN key TEXT CHECK (key <> '');

-- Words that people add. What a version is never changes; what is said about it may.
ALTER TABLE versions ADD COLUMN description TEXT NOT NULL DEFAULT '' CHECK (length(description) <= 10000);

CREATE TRIGGER models_are_described_briefly BEFORE UPDATE OF description ON models WHEN length(NEW.description) > 10000
BEGIN SELECT RAISE(ABORT, 'a description has at most 10000 characters'); END;

CREATE TABLE model_tags (
  model TEXT NOT NULL REFERENCES models (name) ON DELETE CASCADE,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 250 AND instr(name, '=') = 0),
  value TEXT NOT NULL CHECK (length(value) <= 5000),
  PRIMARY KEY (model, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE version_tags (
  model TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 250 AND instr(name, '=') = 0),
  value TEXT NOT NULL CHECK (length(value) <= 5000),
  PRIMARY KEY (model, version, name),
  FOREIGN KEY (model, version) REFERENCES versions (model, version) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TRIGGER catalogue_counts_described_versions AFTER UPDATE OF description ON versions
BEGIN UPDATE catalogue SET generation = generation + 1; END;
CREATE TRIGGER catalogue_counts_new_model_tags AFTER INSERT ON model_tags
BEGIN UPDATE catalogue SET generation = generation + 1; END;
CREATE TRIGGER catalogue_counts_changed_model_tags AFTER UPDATE ON model_tags
BEGIN UPDATE catalogue SET generation = generation + 1; END;
CREATE TRIGGER catalogue_counts_deleted_model_tags AFTER DELETE ON model_tags
BEGIN UPDATE catalogue SET generation = generation + 1; END;
CREATE TRIGGER catalogue_counts_new_version_tags AFTER INSERT ON version_tags
BEGIN UPDATE catalogue SET generation = generation + 1; END;
CREATE TRIGGER catalogue_counts_changed_version_tags AFTER UPDATE ON version_tags
BEGIN UPDATE catalogue SET generation = generation + 1; END;
CREATE TRIGGER catalogue_counts_deleted_version_tags AFTER DELETE ON version_tags
BEGIN UPDATE catalogue SET generation = generation + 1; END;
