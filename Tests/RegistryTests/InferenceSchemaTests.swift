import GRDB
import Registry
import Testing

/// What the schema itself refuses of recorded inference, whoever writes.
@Suite("Schema of recorded inference")
struct InferenceSchemaTests {
  static let id = "'01JD8ZZZZZZZZZZZZZZZZZZZZZ'"
  static let other = "'01JD9ZZZZZZZZZZZZZZZZZZZZZ'"
  static let bytes = "x'" + String(repeating: "ab", count: 32) + "'"

  static func record(
    id: String = other, engine: String = "1", model: String = "'m'", version: String = "1", status: String = "200", latency: String = "5",
    parameters: String = "'{}'", seed: String = "1", items: String = "1", input: String = "NULL", output: String = bytes, failure: String = "NULL"
  ) -> String {
    """
    INSERT INTO inferences (id, engine, model, version, operation, http_status, latency_us, parameters, seed, items, input_digest, output_digest, failure)
    VALUES (\(id), \(engine), \(model), \(version), 'sample', \(status), \(latency), \(parameters), \(seed), \(items), \(input), \(output), \(failure))
    """
  }

  static func database() throws -> DatabaseQueue {
    let database = try SchemaTests.database()
    try database.write { database in
      try database.execute(sql: "INSERT INTO inference_engines VALUES (1, \(SchemaTests.digest), 'vae', '{}')")
      try database.execute(sql: record(id: id))
      try database.execute(sql: "INSERT INTO inference_inputs VALUES (\(id), x'00')")
    }
    return database
  }

  static let refused: [(rule: String, sql: String)] = [
    ("a record whose name is none", record(id: "'request-1'")),
    ("two records of one name", record(id: id)),
    ("a record of no engine", record(engine: "2")),
    ("a record without a model", record(model: "''")),
    ("a version that is none", record(version: "0")),
    ("a status that is none", record(status: "99")),
    ("a negative latency", record(latency: "-1")),
    ("a negative seed", record(seed: "-1")),
    ("parameters that are no JSON", record(parameters: "'{'")),
    ("parameters that are no object", record(parameters: "'[]'")),
    ("a digest of 31 bytes", record(output: "x'\(String(repeating: "ab", count: 31))'")),
    ("a digest as text", record(input: "'\(String(repeating: "a", count: 32))'")),
    ("an answer with a failure", record(failure: "'x'")),
    ("a refusal without one", record(status: "422", output: "NULL")),
    ("an answer without its digest", record(output: "NULL")),
    ("an answer without its seed", record(seed: "NULL")),
    ("changing a record", "UPDATE inferences SET seed = 2"),
    ("an input of no record", "INSERT INTO inference_inputs VALUES (\(other), x'00')"),
    ("changing an input", "UPDATE inference_inputs SET body = x'01'"),
    ("an engine twice", "INSERT INTO inference_engines VALUES (2, \(SchemaTests.digest), 'vae', '{}')"),
    ("changing an engine", "UPDATE inference_engines SET family = 'x'"),
    ("deleting an engine that a record names", "DELETE FROM inference_engines"),
    ("a second total", "INSERT INTO inference_totals VALUES (2, 0)"),
  ]

  @Test("the schema refuses", arguments: refused)
  func refuses(_ row: (rule: String, sql: String)) throws {
    let database = try Self.database()
    let error = #expect(throws: DatabaseError.self, "\(row.rule)") { try database.write { try $0.execute(sql: row.sql) } }
    #expect(error?.resultCode == .SQLITE_CONSTRAINT, "\(row.rule): \(String(describing: error))")
  }

  @Test("a refusal needs no seed, a record goes with its input, and the total follows")
  func accepted() throws {
    let database = try Self.database()
    func total() throws -> Int? { try database.read { try Int.fetchOne($0, sql: "SELECT records FROM inference_totals") } }
    try database.write {
      try $0.execute(sql: Self.record(status: "422", parameters: "NULL", seed: "NULL", items: "NULL", output: "NULL", failure: "'n is 0'"))
    }
    #expect(try total() == 2)
    try database.write { try $0.execute(sql: "DELETE FROM inferences WHERE id = \(Self.id)") }
    #expect(try total() == 1)
    #expect(try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM inference_inputs") } == 0)
  }

  @Test("the last value of a metric follows the metrics")
  func latestMetrics() throws {
    let database = try Self.database()
    func latest() throws -> [Double?] {
      try database.read { try Row.fetchAll($0, sql: "SELECT value FROM run_latest_metrics ORDER BY run, name").map { $0["value"] } }
    }
    #expect(try latest() == [-240.5])
    for (sequence, value) in [(3, "-230.0"), (2, "-999.0"), (4, "NULL")] {
      try database.write {
        try $0.execute(sql: "INSERT INTO run_metrics VALUES (\(SchemaTests.run), \(sequence), 'elbo', 0, NULL, \(value), \(SchemaTests.now))")
      }
      #expect(try latest() == [sequence == 4 ? nil : -230])
    }
    try database.write { try $0.execute(sql: "DELETE FROM runs WHERE id = \(SchemaTests.run)") }
    #expect(try latest().isEmpty)
  }
}
