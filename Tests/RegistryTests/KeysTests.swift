import Foundation
import Registry
import Testing

@Suite("Keys in the store")
struct KeysTests {
  let folder: TemporaryFolder
  let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
  }

  @Test("a key is what was asked for; its secret opens, carries its identifier and is nowhere in the store")
  func created() throws {
    let expiry = Timestamp(milliseconds: Timestamp.now.milliseconds + 60_000)
    let issued = try store.createKey(named: "front end", scopes: [.infer, .metrics], models: ["b", "a", "b"], expiresAt: expiry, actor: "me")
    #expect(issued.key.name == "front end" && issued.key.scopes == [.infer, .metrics] && issued.key.models == ["a", "b"])
    #expect(issued.key.expiresAt == expiry && issued.key.state(at: .now) == .active)
    let parts = issued.secret.split(separator: "_")
    #expect(parts.count == 3 && parts[0] == "pk" && String(parts[1]) == issued.key.id)
    #expect(parts[2].count == 64 && parts[2].allSatisfy(\.isHexDigit))
    #expect(store.check(key: issued.secret) == .active(issued.key))
    #expect(!"\(issued)".contains(parts[2]))
    for file in ["posterior.sqlite", "posterior.sqlite-wal"] {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: store.directory + "/" + file))
      #expect(bytes.range(of: Data(parts[2].utf8)) == nil)
    }
    #expect(try store.createKey(named: "other", scopes: [.infer], actor: "me").secret != issued.secret)
  }

  @Test("what is not the secret to the last digit opens nothing")
  func unknown() throws {
    let secret = try store.createKey(named: "a", scopes: [.infer], actor: "me").secret
    let other = try store.createKey(named: "b", scopes: [.infer], actor: "me").secret
    let swapped = secret.prefix(16) + other.dropFirst(16)
    let last = secret.dropLast() + (secret.last == "0" ? "1" : "0")
    for text in [
      "", "pk_", "pk__", secret + "0", String(secret.dropLast()), String(swapped), String(last), secret.uppercased(), "x" + secret, " " + secret,
    ] {
      #expect(store.check(key: text) == .unknown, "\(text)")
    }
  }

  @Test("a key ends when it expires or is revoked; revoking again changes nothing, and no name is blocked by it")
  func ended() throws {
    let expiry = Timestamp(milliseconds: Timestamp.now.milliseconds + 60_000)
    let issued = try store.createKey(named: "a", scopes: [.infer], expiresAt: expiry, actor: "me")
    #expect(store.check(key: issued.secret, at: Timestamp(milliseconds: expiry.milliseconds - 1)) == .active(issued.key))
    #expect(store.check(key: issued.secret, at: expiry) == .expired(issued.key))
    #expect(throws: StoreError.keyNameTaken(name: "a", id: issued.key.id)) { try store.createKey(named: "a", scopes: [.admin], actor: "me") }
    let revoked = try store.revokeKey(issued.key.id, actor: "me")
    #expect(revoked.revokedAt != nil && store.check(key: issued.secret) == .revoked(revoked))
    #expect(try store.revokeKey(issued.key.id, actor: "you") == revoked)
    #expect(try store.changes().items.filter { $0.action == .revokeKey }.map(\.actor.name) == ["me"])
    #expect(throws: StoreError.unknownKey(id: "nobody")) { try store.revokeKey("nobody", actor: "me") }
    #expect(try store.createKey(named: "a", scopes: [.admin], actor: "me").key.scopes == [.admin])
    #expect(try ModelStore(directory: store.directory).check(key: issued.secret) == .revoked(revoked))
  }

  static let refused: [(String, String, Set<KeyScope>, [String]?, Int64?)] = [
    ("no name", "", [.infer], nil, nil), ("a name of two lines", "a\nb", [.infer], nil, nil),
    ("a name without end", String(repeating: "a", count: 101), [.infer], nil, nil), ("no scope", "a", [], nil, nil),
    ("an end in the past", "a", [.infer], nil, -1), ("an empty list of models", "a", [.infer], [], nil),
    ("an admin for some models", "a", [.admin, .infer], ["m"], nil), ("metrics of some models", "a", [.metrics], ["m"], nil),
    ("a model whose name is none", "a", [.infer], ["A B"], nil),
  ]

  @Test("a key that makes no sense is refused, and nothing is kept", arguments: refused)
  func refusals(_ row: (String, String, Set<KeyScope>, [String]?, Int64?)) throws {
    let expiry = row.4.map { Timestamp(milliseconds: Timestamp.now.milliseconds + $0) }
    #expect(throws: StoreError.self, "\(row.0)") {
      try store.createKey(named: row.1, scopes: row.2, models: row.3, expiresAt: expiry, actor: "me")
    }
    #expect(try store.keys().items.isEmpty && store.changes().items.isEmpty)
  }

  @Test("pages join up to all keys in the order they were made, and a key made meanwhile shifts nothing", arguments: 1...4)
  func pages(_ limit: Int) throws {
    let ids = try (0..<5).map { try store.createKey(named: "k\($0)", scopes: [.infer], actor: "me").key.id }
    var listed: [String] = []
    var token: String?
    repeat {
      let page = try store.keys(pageToken: token, limit: limit)
      listed += page.items.map(\.id)
      token = page.nextPageToken
      if listed.count == limit { try store.revokeKey(ids[4], actor: "me") }
    } while token != nil
    #expect(listed == ids)
    #expect(throws: StoreError.invalidPageToken(given: "x")) { try store.keys(pageToken: "x") }
    #expect(throws: StoreError.invalidLimit(given: 0, allowed: 1...1000)) { try store.keys(limit: 0) }
  }

  @Test("what another opening of the store makes or revokes is seen here")
  func otherProcess() async throws {
    let other = try ModelStore(directory: store.directory)
    let issued = try other.createKey(named: "a", scopes: [.infer], actor: "other")
    for _ in 0..<400 where store.check(key: issued.secret) == .unknown { try await Task.sleep(for: .milliseconds(25)) }
    #expect(store.check(key: issued.secret) == .active(issued.key))
    try other.revokeKey(issued.key.id, actor: "other")
    // By the identifier: when the key was last used is written down between the two.
    func isRevoked() -> Bool { if case .revoked(let key) = store.check(key: issued.secret) { key.id == issued.key.id } else { false } }
    for _ in 0..<400 where !isRevoked() { try await Task.sleep(for: .milliseconds(25)) }
    #expect(isRevoked())
  }

  @Test("a key is checked without asking the database")
  func noQuery() throws {
    let issued = try store.createKey(named: "a", scopes: [.infer], actor: "me")
    try store.execute("ALTER TABLE keys RENAME TO elsewhere")
    #expect(throws: StoreError.self) { try store.keys() }
    #expect(store.check(key: issued.secret) == .active(issued.key))
  }

  @Test("a key remembers to the minute when it was last used, and only what opened counts")
  func lastUse() throws {
    let issued = try store.createKey(named: "a", scopes: [.infer], actor: "me")
    let unused = try store.createKey(named: "b", scopes: [.infer], actor: "me")
    _ = store.check(key: String(unused.secret.dropLast()) + "x")
    let time = try #require(Timestamp("2036-01-02T03:04:05.678Z"))
    _ = store.check(key: issued.secret, at: time)
    try store.recordKeyUse()
    #expect(try store.keys().items.map { $0.lastUsedAt?.description } == ["2036-01-02T03:04:00.000Z", nil])
    _ = store.check(key: issued.secret, at: Timestamp(milliseconds: time.milliseconds - 3_600_000))
    try store.recordKeyUse()
    #expect(try store.keys().items[0].lastUsedAt?.description == "2036-01-02T03:04:00.000Z")
  }
}
