-- A name may be given up with all its versions, and a model may take another name. Version numbers of a name never repeat all the same: the name's row
-- stays and remembers the last one.

ALTER TABLE models ADD COLUMN deleted_at TEXT CHECK (deleted_at IS strftime('%Y-%m-%dT%H:%M:%fZ', deleted_at));  -- NULL: the model is there

CREATE TRIGGER models_are_deleted_empty BEFORE UPDATE OF deleted_at ON models
WHEN NEW.deleted_at IS NOT NULL AND EXISTS (SELECT * FROM versions WHERE model = NEW.name)
BEGIN SELECT RAISE(ABORT, 'a model is deleted after its versions'); END;

CREATE TRIGGER models_return_with_a_version AFTER INSERT ON versions
BEGIN UPDATE models SET deleted_at = NULL WHERE name = NEW.model AND deleted_at IS NOT NULL; END;

DROP TRIGGER versions_never_change;
CREATE TRIGGER versions_never_change BEFORE UPDATE OF version, digest, format, family, configuration, signature, provenance,
  parameter_count, created_at ON versions
BEGIN SELECT RAISE(ABORT, 'a version never changes'); END;

CREATE TRIGGER versions_move_with_their_model BEFORE UPDATE OF model ON versions
WHEN (SELECT last_version FROM models WHERE name = NEW.model) IS NOT (SELECT last_version FROM models WHERE name = OLD.model)
BEGIN SELECT RAISE(ABORT, 'versions move to a name that counts as theirs did'); END;

DROP TRIGGER alias_history_never_changes;
CREATE TRIGGER alias_history_never_changes BEFORE UPDATE OF id, alias, from_version, to_version, reason, actor, time, key ON alias_history
BEGIN SELECT RAISE(ABORT, 'the history of an alias is never rewritten'); END;

DROP TRIGGER aliases_move_with_a_history;
CREATE TRIGGER aliases_move_with_a_history BEFORE UPDATE ON aliases
WHEN NEW.alias <> OLD.alias OR NEW.version IS NOT
  (SELECT to_version FROM alias_history WHERE model = NEW.model AND alias = NEW.alias ORDER BY id DESC LIMIT 1)
BEGIN SELECT RAISE(ABORT, 'an alias moves by a line in its history'); END;
