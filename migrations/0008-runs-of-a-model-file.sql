-- What runs say of a model file is asked for by its digest: a name may change, and a file may have several.

CREATE INDEX runs_by_digest ON runs (digest, id) WHERE digest IS NOT NULL;
