-- The registry's first schema.
--
-- Times are RFC 3339 in UTC with milliseconds, digests are "sha256:" and 64 lowercase hexadecimal digits, seeds are 0 to 2^63 - 1.
-- A rule that must hold whatever program writes to this file stands here, not in the code.

-- Model files under blobs/sha256/. A row may have no version (its version was deleted); a version always has a row.
CREATE TABLE blobs (
  digest TEXT NOT NULL PRIMARY KEY
    CHECK (length(digest) = 71 AND digest GLOB 'sha256:*' AND substr(digest, 8) NOT GLOB '*[^0-9a-f]*'),
  byte_count INTEGER NOT NULL CHECK (byte_count > 0),
  created_at TEXT NOT NULL CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at))
) STRICT, WITHOUT ROWID;

CREATE TABLE models (
  name TEXT NOT NULL PRIMARY KEY
    CHECK (length(name) BETWEEN 1 AND 64 AND name GLOB '[a-z0-9]*' AND name NOT GLOB '*[^a-z0-9._-]*'),
  description TEXT NOT NULL DEFAULT '',
  last_version INTEGER NOT NULL DEFAULT 0 CHECK (last_version >= 0),
  created_at TEXT NOT NULL CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at))
) STRICT, WITHOUT ROWID;

CREATE TABLE versions (
  model TEXT NOT NULL REFERENCES models (name),
  version INTEGER NOT NULL CHECK (version > 0),
  digest TEXT NOT NULL REFERENCES blobs (digest),
  format INTEGER NOT NULL CHECK (format > 0),
  family TEXT NOT NULL CHECK (family <> ''),
  configuration TEXT NOT NULL CHECK (json_valid(configuration)),
  signature TEXT NOT NULL CHECK (json_valid(signature)),
  provenance TEXT CHECK (provenance IS NULL OR json_valid(provenance)),
  parameter_count INTEGER NOT NULL CHECK (parameter_count >= 0),
  created_at TEXT NOT NULL CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at)),
  PRIMARY KEY (model, version),
  UNIQUE (model, digest)
) STRICT;
CREATE INDEX versions_by_digest ON versions (digest);

-- A number once given stays given, also when its version is deleted: models.last_version remembers it.
CREATE TRIGGER versions_are_numbered_in_order BEFORE INSERT ON versions
WHEN NEW.version <> (SELECT last_version + 1 FROM models WHERE name = NEW.model)
BEGIN SELECT RAISE(ABORT, 'versions are numbered one after another and never repeat'); END;

CREATE TRIGGER versions_are_counted AFTER INSERT ON versions
BEGIN UPDATE models SET last_version = NEW.version WHERE name = NEW.model; END;

CREATE TRIGGER versions_never_change BEFORE UPDATE OF model, version, digest, format, family, configuration, signature, provenance,
  parameter_count, created_at ON versions
BEGIN SELECT RAISE(ABORT, 'a version never changes'); END;

CREATE TRIGGER models_count_upwards BEFORE UPDATE OF last_version ON models WHEN NEW.last_version < OLD.last_version
BEGIN SELECT RAISE(ABORT, 'a model never forgets the versions it had'); END;

CREATE TRIGGER models_keep_their_name BEFORE UPDATE OF name ON models
BEGIN SELECT RAISE(ABORT, 'a model keeps its name'); END;

CREATE TRIGGER models_with_a_past_stay BEFORE DELETE ON models WHEN OLD.last_version > 0
BEGIN SELECT RAISE(ABORT, 'a model that had a version is kept, so that its numbers never repeat'); END;

-- Where each alias points now. Written by the triggers of alias_history alone.
CREATE TABLE aliases (
  model TEXT NOT NULL,
  alias TEXT NOT NULL
    CHECK (length(alias) BETWEEN 1 AND 64 AND alias GLOB '[a-z]*' AND alias NOT GLOB '*[^a-z0-9._-]*'),
  version INTEGER NOT NULL,
  updated_at TEXT NOT NULL CHECK (updated_at IS strftime('%Y-%m-%dT%H:%M:%fZ', updated_at)),
  PRIMARY KEY (model, alias),
  FOREIGN KEY (model, version) REFERENCES versions (model, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX aliases_by_version ON aliases (model, version);

-- Every move of every alias: to move one is to add a line here. NULL is "nowhere": before it existed, after it was deleted.
CREATE TABLE alias_history (
  id INTEGER PRIMARY KEY,
  model TEXT NOT NULL REFERENCES models (name),
  alias TEXT NOT NULL
    CHECK (length(alias) BETWEEN 1 AND 64 AND alias GLOB '[a-z]*' AND alias NOT GLOB '*[^a-z0-9._-]*'),
  from_version INTEGER,
  to_version INTEGER,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL CHECK (actor <> ''),
  time TEXT NOT NULL CHECK (time IS strftime('%Y-%m-%dT%H:%M:%fZ', time)),
  CHECK (from_version IS NOT to_version)
) STRICT;
CREATE INDEX alias_history_by_alias ON alias_history (model, alias, id);

CREATE TRIGGER alias_history_follows_on BEFORE INSERT ON alias_history
WHEN NEW.from_version IS NOT (SELECT version FROM aliases WHERE model = NEW.model AND alias = NEW.alias)
BEGIN SELECT RAISE(ABORT, 'an alias moves from where it is'); END;

CREATE TRIGGER alias_history_points AFTER INSERT ON alias_history WHEN NEW.to_version IS NOT NULL
BEGIN
  INSERT INTO aliases (model, alias, version, updated_at) VALUES (NEW.model, NEW.alias, NEW.to_version, NEW.time)
  ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version, updated_at = excluded.updated_at;
END;

CREATE TRIGGER alias_history_removes AFTER INSERT ON alias_history WHEN NEW.to_version IS NULL
BEGIN DELETE FROM aliases WHERE model = NEW.model AND alias = NEW.alias; END;

CREATE TRIGGER alias_history_never_changes BEFORE UPDATE ON alias_history
BEGIN SELECT RAISE(ABORT, 'the history of an alias is never rewritten'); END;

CREATE TRIGGER alias_history_is_kept BEFORE DELETE ON alias_history
BEGIN SELECT RAISE(ABORT, 'the history of an alias is never deleted'); END;

CREATE TRIGGER aliases_appear_with_a_history BEFORE INSERT ON aliases
WHEN NEW.version IS NOT
  (SELECT to_version FROM alias_history WHERE model = NEW.model AND alias = NEW.alias ORDER BY id DESC LIMIT 1)
BEGIN SELECT RAISE(ABORT, 'an alias moves by a line in its history'); END;

CREATE TRIGGER aliases_move_with_a_history BEFORE UPDATE ON aliases
WHEN NEW.model <> OLD.model OR NEW.alias <> OLD.alias OR NEW.version IS NOT
  (SELECT to_version FROM alias_history WHERE model = NEW.model AND alias = NEW.alias ORDER BY id DESC LIMIT 1)
BEGIN SELECT RAISE(ABORT, 'an alias moves by a line in its history'); END;

CREATE TRIGGER aliases_disappear_with_a_history BEFORE DELETE ON aliases
WHEN (SELECT to_version FROM alias_history WHERE model = OLD.model AND alias = OLD.alias ORDER BY id DESC LIMIT 1) IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an alias moves by a line in its history'); END;

-- Counts the changes to models, versions and aliases, so that a process sees cheaply whether what it holds in memory is still true.
CREATE TABLE catalogue (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  generation INTEGER NOT NULL
) STRICT;
INSERT INTO catalogue (id, generation) VALUES (1, 0);

CREATE TRIGGER catalogue_counts_new_models AFTER INSERT ON models
BEGIN UPDATE catalogue SET generation = generation + 1; END;
CREATE TRIGGER catalogue_counts_changed_models AFTER UPDATE ON models  -- also every new version, by versions_are_counted
BEGIN UPDATE catalogue SET generation = generation + 1; END;
CREATE TRIGGER catalogue_counts_deleted_models AFTER DELETE ON models
BEGIN UPDATE catalogue SET generation = generation + 1; END;
CREATE TRIGGER catalogue_counts_deleted_versions AFTER DELETE ON versions
BEGIN UPDATE catalogue SET generation = generation + 1; END;
CREATE TRIGGER catalogue_counts_moved_aliases AFTER INSERT ON alias_history
BEGIN UPDATE catalogue SET generation = generation + 1; END;

-- A run outlives the version it names, so model, version and digest are what was true then and refer to nothing.
CREATE TABLE runs (
  id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 26 AND id NOT GLOB '*[^0-9A-HJKMNP-TV-Z]*'),
  kind TEXT NOT NULL CHECK (kind IN ('train', 'evaluate', 'robustness', 'replay', 'inference')),
  status TEXT NOT NULL CHECK (status IN ('running', 'finished', 'failed', 'cancelled')),
  family TEXT NOT NULL CHECK (family <> ''),
  model TEXT,
  version INTEGER CHECK (version > 0),
  digest TEXT CHECK (length(digest) = 71 AND digest GLOB 'sha256:*' AND substr(digest, 8) NOT GLOB '*[^0-9a-f]*'),
  seed INTEGER NOT NULL CHECK (seed >= 0),
  configuration TEXT NOT NULL CHECK (json_valid(configuration)),
  data_digest TEXT CHECK (length(data_digest) = 71 AND data_digest GLOB 'sha256:*' AND substr(data_digest, 8) NOT GLOB '*[^0-9a-f]*'),
  output_digest TEXT
    CHECK (length(output_digest) = 71 AND output_digest GLOB 'sha256:*' AND substr(output_digest, 8) NOT GLOB '*[^0-9a-f]*'),
  build TEXT NOT NULL CHECK (json_valid(build)),
  session TEXT NOT NULL CHECK (session <> ''),  -- the opened store that writes this run; see sessions/
  started_at TEXT NOT NULL CHECK (started_at IS strftime('%Y-%m-%dT%H:%M:%fZ', started_at)),
  finished_at TEXT CHECK (finished_at IS strftime('%Y-%m-%dT%H:%M:%fZ', finished_at)),
  failure TEXT CHECK (failure <> ''),
  CHECK (version IS NULL OR model IS NOT NULL),
  CHECK ((status = 'running') = (finished_at IS NULL)),
  CHECK ((status = 'failed') = (failure IS NOT NULL)),
  CHECK (status = 'finished' OR output_digest IS NULL)
) STRICT;
CREATE INDEX runs_by_kind ON runs (kind, id);
CREATE INDEX runs_by_model ON runs (model, id);
CREATE INDEX runs_by_status ON runs (status, id);

CREATE TRIGGER runs_end_once BEFORE UPDATE OF status, finished_at, failure, output_digest ON runs WHEN OLD.status <> 'running'
BEGIN SELECT RAISE(ABORT, 'a run ends once'); END;

CREATE TRIGGER runs_keep_their_description BEFORE UPDATE OF id, kind, family, model, version, digest, seed, configuration, data_digest,
  build, session, started_at ON runs
BEGIN SELECT RAISE(ABORT, 'what a run was started with never changes'); END;

CREATE TABLE run_parameters (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 250),
  value TEXT NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER run_parameters_are_written_once BEFORE UPDATE ON run_parameters
BEGIN SELECT RAISE(ABORT, 'a parameter of a run is written once'); END;

CREATE TRIGGER run_parameters_stay_with_their_run BEFORE DELETE ON run_parameters WHEN EXISTS (SELECT * FROM runs WHERE id = OLD.run)
BEGIN SELECT RAISE(ABORT, 'a parameter of a run is written once'); END;

-- value is NULL for "not a number", which SQLite can't store; infinities are kept.
CREATE TABLE run_metrics (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  sequence INTEGER NOT NULL CHECK (sequence > 0),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 250),
  step INTEGER NOT NULL CHECK (step >= 0),
  epoch INTEGER CHECK (epoch >= 0),
  value REAL,
  time TEXT NOT NULL CHECK (time IS strftime('%Y-%m-%dT%H:%M:%fZ', time)),
  PRIMARY KEY (run, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_metrics_by_name ON run_metrics (run, name, sequence);

CREATE TRIGGER run_metrics_belong_to_a_running_run BEFORE INSERT ON run_metrics
WHEN (SELECT status FROM runs WHERE id = NEW.run) <> 'running'
BEGIN SELECT RAISE(ABORT, 'metrics are recorded while the run is running'); END;

CREATE TRIGGER run_metrics_never_change BEFORE UPDATE ON run_metrics
BEGIN SELECT RAISE(ABORT, 'metrics are only ever added'); END;

CREATE TRIGGER run_metrics_stay_with_their_run BEFORE DELETE ON run_metrics WHEN EXISTS (SELECT * FROM runs WHERE id = OLD.run)
BEGIN SELECT RAISE(ABORT, 'metrics are only ever added'); END;

CREATE TABLE run_tags (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 250),
  value TEXT NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;
