-- What a run made beside its metrics: tables, reports, pictures, each under a name. They travel with the database, so that a backup has them too.

CREATE TABLE run_documents (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100 AND name GLOB '[a-z0-9]*' AND name NOT GLOB '*[^a-z0-9._-]*'),
  media_type TEXT NOT NULL
    CHECK (length(media_type) BETWEEN 3 AND 100 AND media_type GLOB '[a-z]*/[a-z]*' AND media_type NOT GLOB '*[^a-z0-9/.+;= -]*'),
  digest BLOB NOT NULL CHECK (length(digest) = 32),  -- SHA-256 of the body
  time TEXT NOT NULL CHECK (time IS strftime('%Y-%m-%dT%H:%M:%fZ', time)),
  body BLOB NOT NULL CHECK (length(body) <= 67108864),  -- 64 MiB; last, so that the columns before it are read without it
  PRIMARY KEY (run, name)
) STRICT;

CREATE TRIGGER run_documents_belong_to_a_running_run BEFORE INSERT ON run_documents
WHEN (SELECT status FROM runs WHERE id = NEW.run) <> 'running'
BEGIN SELECT RAISE(ABORT, 'documents are attached while the run is running'); END;

CREATE TRIGGER run_documents_never_change BEFORE UPDATE ON run_documents
BEGIN SELECT RAISE(ABORT, 'a document of a run is written once'); END;

CREATE TRIGGER run_documents_stay_with_their_run BEFORE DELETE ON run_documents WHEN EXISTS (SELECT * FROM runs WHERE id = OLD.run)
BEGIN SELECT RAISE(ABORT, 'a document of a run is written once'); END;
