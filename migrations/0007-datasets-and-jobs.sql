-- What work in the background learns from, what it was told to do, and what it made that is larger than a document or nobody else's.

-- A name stands for the same files for as long as it is there.
CREATE TABLE datasets (
  name TEXT NOT NULL PRIMARY KEY
    CHECK (length(name) BETWEEN 1 AND 64 AND name GLOB '[a-z0-9]*' AND name NOT GLOB '*[^a-z0-9._-]*'),
  description TEXT NOT NULL CHECK (json_valid(description)),  -- what was found in the files
  created_at TEXT NOT NULL CHECK (created_at IS strftime('%Y-%m-%dT%H:%M:%fZ', created_at))
) STRICT, WITHOUT ROWID;

CREATE TABLE dataset_files (
  dataset TEXT NOT NULL REFERENCES datasets (name) ON DELETE CASCADE,
  -- As recipes name it: relative, without steps upwards.
  path TEXT NOT NULL CHECK (length(path) BETWEEN 1 AND 200 AND path NOT GLOB '/*' AND '/' || path || '/' NOT GLOB '*/../*' AND path NOT GLOB '*//*'),
  digest TEXT NOT NULL REFERENCES blobs (digest),
  PRIMARY KEY (dataset, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX dataset_files_by_digest ON dataset_files (digest);

CREATE TRIGGER dataset_files_never_change BEFORE UPDATE ON dataset_files
BEGIN SELECT RAISE(ABORT, 'a data set never changes: delete it, or take another name'); END;

-- Runs that a server does without a client that waits, each in a process of its own.
CREATE TABLE jobs (
  run TEXT NOT NULL PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  specification TEXT NOT NULL CHECK (json_valid(specification)),
  owner TEXT NOT NULL CHECK (owner <> '')  -- the key that started it, by identifier; "admin" for the store's own key
) STRICT, WITHOUT ROWID;

CREATE TRIGGER jobs_never_change BEFORE UPDATE ON jobs
BEGIN SELECT RAISE(ABORT, 'what a run was told to do never changes'); END;

-- Files that a run made, among the blobs. They may be deleted, and expire.
CREATE TABLE run_files (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100 AND name GLOB '[a-z0-9]*' AND name NOT GLOB '*[^a-z0-9._-]*'),
  media_type TEXT NOT NULL
    CHECK (length(media_type) BETWEEN 3 AND 100 AND media_type GLOB '[a-z]*/[a-z]*' AND media_type NOT GLOB '*[^a-z0-9/.+;= -]*'),
  digest TEXT NOT NULL REFERENCES blobs (digest),
  time TEXT NOT NULL CHECK (time IS strftime('%Y-%m-%dT%H:%M:%fZ', time)),
  expires_at TEXT CHECK (expires_at IS strftime('%Y-%m-%dT%H:%M:%fZ', expires_at)),
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_files_by_digest ON run_files (digest);
CREATE INDEX run_files_by_end ON run_files (expires_at) WHERE expires_at IS NOT NULL;

-- Blobs that something needs.
CREATE VIEW needed_blobs AS
SELECT digest FROM versions UNION SELECT digest FROM dataset_files UNION SELECT digest FROM run_files;

-- The trace that a request belonged to (W3C Trace Context): 32 hexadecimal digits.
ALTER TABLE inferences ADD COLUMN trace TEXT CHECK (length(trace) = 32 AND trace NOT GLOB '*[^0-9a-f]*');

-- One kind of run more. SQLite changes no constraint of a table that is there but by its text, as its documentation of ALTER TABLE says (section 7).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''replay'', ''inference'')', '''replay'', ''inference'', ''impute'')') WHERE type = 'table' AND name = 'runs';
PRAGMA writable_schema = RESET;
