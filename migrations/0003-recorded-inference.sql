-- Recorded inference: one row a request, in a table of its own, because there are many, they are written together and the oldest ones go again.
-- The last value of every metric of a run, so that runs are found and sorted by it through an index.

-- A model file and the build that computed with it; thousands of records share one row.
CREATE TABLE inference_engines (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL CHECK (length(digest) = 71 AND digest GLOB 'sha256:*' AND substr(digest, 8) NOT GLOB '*[^0-9a-f]*'),
  family TEXT NOT NULL CHECK (family <> ''),
  build TEXT NOT NULL CHECK (json_valid(build)),
  UNIQUE (digest, build)
) STRICT;

CREATE TRIGGER inference_engines_never_change BEFORE UPDATE ON inference_engines
BEGIN SELECT RAISE(ABORT, 'what a request was computed with never changes'); END;

-- The identifier begins with the time of the request, so new rows go to the end of the table and the oldest are at its beginning.
-- Digests are 32 bytes here, not text. Model and version are what was true then and refer to nothing, as in runs.
CREATE TABLE inferences (
  id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 26 AND id NOT GLOB '*[^0-9A-HJKMNP-TV-Z]*'),
  engine INTEGER NOT NULL REFERENCES inference_engines (id),
  model TEXT NOT NULL CHECK (model <> ''),
  version INTEGER NOT NULL CHECK (version > 0),
  operation TEXT NOT NULL CHECK (operation <> ''),
  http_status INTEGER NOT NULL CHECK (http_status BETWEEN 100 AND 599),
  latency_us INTEGER NOT NULL CHECK (latency_us >= 0),
  -- NULL where the request was refused before they were known.
  parameters TEXT CHECK (CASE WHEN json_valid(parameters) THEN json_type(parameters) = 'object' ELSE parameters IS NULL END),
  seed INTEGER CHECK (seed >= 0),
  items INTEGER CHECK (items >= 0),
  input_digest BLOB CHECK (length(input_digest) = 32),  -- of the body; NULL where there was none
  input_type TEXT,
  output_digest BLOB CHECK (length(output_digest) = 32),  -- of the answer's body before any compression
  output_type TEXT,
  failure TEXT CHECK (failure <> ''),
  CHECK ((http_status >= 400) = (failure IS NOT NULL)),
  CHECK (http_status >= 400 OR (parameters IS NOT NULL AND seed IS NOT NULL AND items IS NOT NULL AND output_digest IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX inferences_by_model ON inferences (model, id);
CREATE INDEX inferences_by_failure ON inferences (id) WHERE http_status >= 400;

CREATE TRIGGER inferences_never_change BEFORE UPDATE ON inferences
BEGIN SELECT RAISE(ABORT, 'a recorded request never changes'); END;

-- Bodies of requests, kept only where the operator or the client asked for it.
CREATE TABLE inference_inputs (
  inference TEXT NOT NULL PRIMARY KEY REFERENCES inferences (id) ON DELETE CASCADE,
  body BLOB NOT NULL
) STRICT;

CREATE TRIGGER inference_inputs_never_change BEFORE UPDATE ON inference_inputs
BEGIN SELECT RAISE(ABORT, 'a recorded request never changes'); END;

-- How many records there are: counting them for every commit would read them all.
CREATE TABLE inference_totals (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  records INTEGER NOT NULL CHECK (records >= 0)
) STRICT;
INSERT INTO inference_totals (id, records) VALUES (1, 0);

CREATE TRIGGER inference_totals_count_up AFTER INSERT ON inferences
BEGIN UPDATE inference_totals SET records = records + 1; END;
CREATE TRIGGER inference_totals_count_down AFTER DELETE ON inferences
BEGIN UPDATE inference_totals SET records = records - 1; END;

-- Written by the trigger of run_metrics alone.
CREATE TABLE run_latest_metrics (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  value REAL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_latest_metrics_by_value ON run_latest_metrics (name, value, run);

INSERT INTO run_latest_metrics (run, name, sequence, value)
SELECT run, name, sequence, value FROM run_metrics AS metric
WHERE sequence = (SELECT max(sequence) FROM run_metrics WHERE run = metric.run AND name = metric.name);

CREATE TRIGGER run_metrics_are_summed_up AFTER INSERT ON run_metrics
BEGIN
  INSERT INTO run_latest_metrics (run, name, sequence, value) VALUES (NEW.run, NEW.name, NEW.sequence, NEW.value)
  ON CONFLICT (run, name) DO UPDATE SET sequence = excluded.sequence, value = excluded.value WHERE excluded.sequence > sequence;
END;
