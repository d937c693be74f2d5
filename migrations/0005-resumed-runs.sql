-- A run whose process ended goes on in another one where it keeps what it was given; then it belongs to that one's session.

DROP TRIGGER runs_keep_their_description;
CREATE TRIGGER runs_keep_their_description BEFORE UPDATE OF id, kind, family, model, version, digest, seed, configuration, data_digest,
  build, started_at ON runs
BEGIN SELECT RAISE(ABORT, 'what a run was started with never changes'); END;

CREATE TRIGGER runs_change_hands_while_running BEFORE UPDATE OF session ON runs WHEN OLD.status <> 'running'
BEGIN SELECT RAISE(ABORT, 'a run that has ended is nobody''s to go on with'); END;
