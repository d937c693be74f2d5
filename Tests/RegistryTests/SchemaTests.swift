import GRDB
import Registry
import Testing

/// What the schema itself refuses, whoever writes: each row is one rule.
@Suite("Schema")
struct SchemaTests {
  static let now = "'2026-11-21T07:05:09.120Z'"
  static let digest = "'sha256:" + String(repeating: "a", count: 64) + "'"
  static let other = "'sha256:" + String(repeating: "b", count: 64) + "'"
  static let run = "'01JD5ZZZZZZZZZZZZZZZZZZZZZ'"
  static let ended = "'01JD6ZZZZZZZZZZZZZZZZZZZZZ'"

  static func version(model: String = "'m'", number: String = "2", digest: String = other, configuration: String = "'{}'") -> String {
    """
    INSERT INTO versions (model, version, digest, format, family, configuration, signature, parameter_count, created_at)
    VALUES (\(model), \(number), \(digest), 1, 'vae', \(configuration), '{}', 1, \(now))
    """
  }

  static func startRun(
    id: String = "'01JD7ZZZZZZZZZZZZZZZZZZZZZ'", kind: String = "'train'", status: String = "'running'", seed: String = "1",
    finished: String = "NULL", failure: String = "NULL", model: String = "NULL", version: String = "NULL", output: String = "NULL"
  ) -> String {
    """
    INSERT INTO runs (id, kind, status, family, model, version, seed, configuration, build, session, started_at, finished_at, failure, output_digest)
    VALUES (\(id), \(kind), \(status), 'vae', \(model), \(version), \(seed), '{}', '{}', 's', \(now), \(finished), \(failure), \(output))
    """
  }

  static func move(from: String = "1", to: String, alias: String = "'live'", actor: String = "'a'") -> String {
    """
    INSERT INTO alias_history (model, alias, from_version, to_version, reason, actor, time)
    VALUES ('m', \(alias), \(from), \(to), '', \(actor), \(now))
    """
  }

  static func key(
    id: String = "'bbbbbbbbbbbb'", name: String = "'b'", secret: String = other, infer: String = "1", admin: String = "0", metrics: String = "0",
    models: String = "NULL", expires: String = "NULL"
  ) -> String {
    """
    INSERT INTO keys (id, name, secret_digest, infer, admin, metrics, models, created_at, expires_at)
    VALUES (\(id), \(name), \(secret), \(infer), \(admin), \(metrics), \(models), \(now), \(expires))
    """
  }

  static func audit(action: String = "'alias.move'", actor: String = "'a'", target: String = "'m@live'", detail: String = "'{}'") -> String {
    "INSERT INTO audit (time, actor, action, target, detail) VALUES (\(now), \(actor), \(action), \(target), \(detail))"
  }

  /// The migrations alone, in memory, with a model, a version, an alias, a running run and one that has ended.
  static func database() throws -> DatabaseQueue {
    let database = try DatabaseQueue()
    try database.write { database in
      for migration in Migrations.all { try database.execute(sql: migration.sql) }
      try database.execute(sql: wholeFixture)
    }
    return database
  }

  /// What the tables of 0001 take.
  static let initialFixture = """
    INSERT INTO blobs VALUES (\(digest), 3, \(now)), (\(other), 4, \(now));
    INSERT INTO models (name, created_at) VALUES ('m', \(now));
    \(version(number: "1", digest: digest));
    \(move(from: "NULL", to: "1"));
    \(startRun(id: run));
    INSERT INTO run_parameters VALUES (\(run), 'beta', '4');
    INSERT INTO run_metrics VALUES (\(run), 1, 'elbo', 0, NULL, -240.5, \(now));
    \(startRun(id: ended, status: "'finished'", finished: now));
    """

  static func document(
    run: String = run, name: String = "'b.csv'", type: String = "'text/csv'", digest: String = "zeroblob(32)", body: String = "x'01'"
  ) -> String {
    "INSERT INTO run_documents (run, name, media_type, digest, time, body) VALUES (\(run), \(name), \(type), \(digest), \(now), \(body))"
  }

  static let fixture = """
    \(initialFixture)
    \(key(id: "'aaaaaaaaaaaa'", name: "'a'", secret: digest));
    \(audit());
    INSERT INTO model_tags VALUES ('m', 'team', 'vision');
    INSERT INTO version_tags VALUES ('m', 1, 'data', '2026');
    """

  /// What the tables of all migrations take.
  static let wholeFixture = """
    \(fixture)
    \(document(name: "'a.csv'"));
    """

  static let refused: [(rule: String, sql: String)] = [
    ("a model name in capitals", "INSERT INTO models (name, created_at) VALUES ('M', \(now))"),
    ("an empty model name", "INSERT INTO models (name, created_at) VALUES ('', \(now))"),
    ("a model name that begins with a dot", "INSERT INTO models (name, created_at) VALUES ('.m', \(now))"),
    ("a model name with a slash", "INSERT INTO models (name, created_at) VALUES ('a/b', \(now))"),
    ("a model name of 65 characters", "INSERT INTO models (name, created_at) VALUES ('\(String(repeating: "a", count: 65))', \(now))"),
    ("a second model of one name", "INSERT INTO models (name, created_at) VALUES ('m', \(now))"),
    ("a time without milliseconds", "INSERT INTO models (name, created_at) VALUES ('x', '2026-11-21T07:05:09Z')"),
    ("a time that is no time", "INSERT INTO models (name, created_at) VALUES ('x', 'yesterday')"),
    ("renaming a model", "UPDATE models SET name = 'x' WHERE name = 'm'"),
    ("deleting a model that had a version", "DELETE FROM models"),
    ("counting versions backwards", "UPDATE models SET last_version = 0"),
    ("a digest that is none", "INSERT INTO blobs VALUES ('sha256:abc', 1, \(now))"),
    ("a digest in capitals", "INSERT INTO blobs VALUES ('sha256:\(String(repeating: "A", count: 64))', 1, \(now))"),
    ("an empty blob", "INSERT INTO blobs VALUES ('sha256:\(String(repeating: "c", count: 64))', 0, \(now))"),
    ("text for a number", "INSERT INTO blobs VALUES ('sha256:\(String(repeating: "c", count: 64))', 'many', \(now))"),
    ("deleting a blob that a version names", "DELETE FROM blobs WHERE digest = \(digest)"),
    ("a version of no model", version(model: "'x'", number: "1")),
    ("a version without a blob", version(digest: "'sha256:\(String(repeating: "c", count: 64))'")),
    ("the same bytes twice in one model", version(digest: digest)),
    ("skipping a version", version(number: "3")),
    ("a configuration that is no JSON", version(configuration: "'{'")),
    ("changing a version", "UPDATE versions SET digest = \(other)"),
    ("deleting a version that an alias points to", "DELETE FROM versions"),
    ("an alias that moves from where it is not", move(from: "NULL", to: "1")),
    ("an alias that does not move", move(from: "1", to: "1")),
    ("an alias to no version", move(to: "9")),
    ("an alias that looks like a version", move(from: "NULL", to: "1", alias: "'3'")),
    ("a move by nobody", move(to: "NULL", actor: "''")),
    ("rewriting history", "UPDATE alias_history SET reason = 'better'"),
    ("deleting history", "DELETE FROM alias_history"),
    ("an alias without a history", "INSERT INTO aliases VALUES ('m', 'best', 1, \(now))"),
    ("moving an alias without a history", "UPDATE aliases SET version = 2"),
    ("deleting an alias without a history", "DELETE FROM aliases"),
    ("a second catalogue", "INSERT INTO catalogue VALUES (2, 0)"),
    ("a run of an unknown kind", startRun(kind: "'guess'")),
    ("a run of an unknown status", startRun(status: "'stuck'")),
    ("a run whose name is none", startRun(id: "'run-1'")),
    ("a negative seed", startRun(seed: "-1")),
    ("a running run that is finished", startRun(finished: now)),
    ("a finished run without an end", startRun(status: "'finished'")),
    ("a failed run without a reason", startRun(status: "'failed'", finished: now)),
    ("a finished run with a failure", startRun(status: "'finished'", finished: now, failure: "'x'")),
    ("a cancelled run with an output", startRun(status: "'cancelled'", finished: now, output: digest)),
    ("a version of an unnamed model in a run", startRun(version: "1")),
    ("reviving a run", "UPDATE runs SET status = 'running', finished_at = NULL WHERE id = \(ended)"),
    ("changing a run's seed", "UPDATE runs SET seed = 2 WHERE id = \(run)"),
    ("a parameter of no run", "INSERT INTO run_parameters VALUES ('01JD9ZZZZZZZZZZZZZZZZZZZZZ', 'a', 'b')"),
    ("a parameter twice", "INSERT INTO run_parameters VALUES (\(run), 'beta', '5')"),
    ("changing a parameter", "UPDATE run_parameters SET value = '5'"),
    ("deleting a parameter", "DELETE FROM run_parameters"),
    ("a metric of no run", "INSERT INTO run_metrics VALUES ('01JD9ZZZZZZZZZZZZZZZZZZZZZ', 1, 'elbo', 0, NULL, 1.0, \(now))"),
    ("a metric of a run that has ended", "INSERT INTO run_metrics VALUES (\(ended), 1, 'elbo', 0, NULL, 1.0, \(now))"),
    ("a metric at a negative step", "INSERT INTO run_metrics VALUES (\(run), 2, 'elbo', -1, NULL, 1.0, \(now))"),
    ("a metric without a name", "INSERT INTO run_metrics VALUES (\(run), 2, '', 0, NULL, 1.0, \(now))"),
    ("overwriting a metric", "UPDATE run_metrics SET value = 0.0"),
    ("deleting a metric", "DELETE FROM run_metrics"),
    ("a key whose identifier is none", key(id: "'short'")),
    ("a key's identifier twice", key(id: "'aaaaaaaaaaaa'")),
    ("two working keys of one name", key(name: "'a'")),
    ("a key without a name", key(name: "''")),
    ("two keys of one secret", key(secret: digest)),
    ("a secret instead of its hash", key(secret: "'secret'")),
    ("a key for nothing", key(infer: "0")),
    ("a key for no model", key(models: "'[]'")),
    ("a key whose models are no list", key(models: "'{}'")),
    ("a key for a model whose name is none", key(models: "'[\"m\", \"A B\"]'")),
    ("a key for a model that is a number", key(models: "'[3]'")),
    ("an admin key for some models", key(admin: "1", models: "'[\"m\"]'")),
    ("a metrics key for some models", key(infer: "0", metrics: "1", models: "'[\"m\"]'")),
    ("a key that ends before it begins", key(expires: "'2020-01-01T00:00:00.000Z'")),
    ("widening a key", "UPDATE keys SET admin = 1"),
    ("prolonging a key", "UPDATE keys SET expires_at = '2036-01-01T00:00:00.000Z'"),
    ("reviving a key", "UPDATE keys SET revoked_at = \(now); UPDATE keys SET revoked_at = NULL"),
    ("deleting a key", "DELETE FROM keys"),
    ("an action that is none", audit(action: "'something happened'")),
    ("a change by nobody", audit(actor: "''")),
    ("a change to nothing", audit(target: "''")),
    ("a detail that is no object", audit(detail: "'[]'")),
    ("rewriting the record", "UPDATE audit SET actor = 'b'"),
    ("deleting from the record", "DELETE FROM audit"),
    ("a tag of no model", "INSERT INTO model_tags VALUES ('x', 'a', 'b')"),
    ("a tag of no version", "INSERT INTO version_tags VALUES ('m', 2, 'a', 'b')"),
    ("a tag without a name", "INSERT INTO model_tags VALUES ('m', '', 'b')"),
    ("a tag whose name has an equals sign", "INSERT INTO version_tags VALUES ('m', 1, 'a=b', 'c')"),
    ("an endless description", "UPDATE models SET description = printf('%.*c', 10001, 'x')"),
    ("an endless description of a version", "UPDATE versions SET description = printf('%.*c', 10001, 'x')"),
    ("a document of no run", document(run: "'01JD9ZZZZZZZZZZZZZZZZZZZZZ'")),
    ("a document of a run that has ended", document(run: ended)),
    ("a document twice", document(name: "'a.csv'")),
    ("a document without a name", document(name: "''")),
    ("a document whose name begins with a dot", document(name: "'.a'")),
    ("a document whose name has a slash", document(name: "'a/b'")),
    ("a document whose name has 101 characters", document(name: "'\(String(repeating: "a", count: 101))'")),
    ("a document without a media type", document(type: "''")),
    ("a media type with a line break", document(type: "'text/csv' || char(10)")),
    ("a digest of 31 bytes", document(digest: "zeroblob(31)")),
    ("a document of more than 64 MiB", document(body: "zeroblob(67108865)")),
    ("a document that is text", document(body: "'a'")),
    ("changing a document", "UPDATE run_documents SET body = x'02'"),
    ("renaming a document", "UPDATE run_documents SET name = 'b.csv'"),
    ("deleting a document", "DELETE FROM run_documents"),
    ("a tag of no run", "INSERT INTO run_tags VALUES ('01JD9ZZZZZZZZZZZZZZZZZZZZZ', 'a', 'b')"),
  ]

  @Test("the schema refuses", arguments: refused)
  func refuses(_ row: (rule: String, sql: String)) throws {
    let database = try Self.database()
    let error = #expect(throws: DatabaseError.self, "\(row.rule)") { try database.write { try $0.execute(sql: row.sql) } }
    #expect(error?.resultCode == .SQLITE_CONSTRAINT, "\(row.rule): \(String(describing: error))")
  }

  /// Without these a schema that refuses everything would pass.
  static let accepted: [(rule: String, sql: String)] = [
    ("the next version", version()),
    ("a second key", key(models: "'[\"m\", \"other\"]'")),
    ("the name of a key that was revoked", "UPDATE keys SET revoked_at = \(now); \(key(name: "'a'"))"),
    ("noting that a key was used", "UPDATE keys SET last_used_at = \(now)"),
    ("deleting a version that has tags", "\(move(to: "NULL")); DELETE FROM versions"),
    ("describing a version", "UPDATE versions SET description = 'the one of May'"),
    ("moving an alias away and deleting its version", "\(move(to: "NULL")); DELETE FROM versions"),
    ("moving an alias to another version", "\(version()); \(move(to: "2"))"),
    ("a document of 64 MiB", document(body: "zeroblob(67108864)")),
    ("an empty document", document(body: "x''")),
    ("deleting a run with all it has", "DELETE FROM runs WHERE id = \(run)"),
    ("finishing a run", "UPDATE runs SET status = 'finished', finished_at = \(now), output_digest = \(digest) WHERE id = \(run)"),
    ("the greatest seed", startRun(seed: "9223372036854775807")),
    ("overwriting a tag", "INSERT INTO run_tags VALUES (\(run), 'a', 'b'); UPDATE run_tags SET value = 'c'"),
    ("deleting a model that never had a version", "INSERT INTO models (name, created_at) VALUES ('x', \(now)); DELETE FROM models WHERE name = 'x'"),
  ]

  @Test("the schema accepts", arguments: accepted)
  func accepts(_ row: (rule: String, sql: String)) throws {
    let database = try Self.database()
    #expect(throws: Never.self, "\(row.rule)") { try database.write { try $0.execute(sql: row.sql) } }
  }

  @Test(
    "every change to models, versions and aliases is counted, and no other",
    arguments: [
      ("INSERT INTO models (name, created_at) VALUES ('x', \(now))", true), ("UPDATE models SET description = 'x'", true), (version(), true),
      (move(to: "NULL"), true), ("UPDATE versions SET description = 'x'", true), ("INSERT INTO model_tags VALUES ('m', 'a', 'b')", true),
      ("UPDATE model_tags SET value = 'x'", true), ("DELETE FROM model_tags", true), ("INSERT INTO version_tags VALUES ('m', 1, 'a', 'b')", true),
      ("UPDATE version_tags SET value = 'x'", true), ("DELETE FROM version_tags", true), (key(), false), (startRun(), false),
      ("INSERT INTO run_metrics VALUES (\(run), 2, 'elbo', 0, NULL, 1.0, \(now))", false),
    ])
  func counted(_ sql: String, _ isCounted: Bool) throws {
    let database = try Self.database()
    func generation() throws -> Int? { try database.read { try Int.fetchOne($0, sql: "SELECT generation FROM catalogue") } }
    let before = try generation()
    try database.write { try $0.execute(sql: sql) }
    #expect(try (generation() != before) == isCounted)
  }

  @Test(
    "every new and revoked key is counted, and no other change",
    arguments: [
      (key(), true), ("UPDATE keys SET revoked_at = \(now)", true), ("UPDATE keys SET last_used_at = \(now)", false), (version(), false),
    ])
  func keysCounted(_ sql: String, _ isCounted: Bool) throws {
    let database = try Self.database()
    func generation() throws -> Int? { try database.read { try Int.fetchOne($0, sql: "SELECT generation FROM keyring") } }
    let before = try generation()
    try database.write { try $0.execute(sql: sql) }
    #expect(try (generation() != before) == isCounted)
  }
}
