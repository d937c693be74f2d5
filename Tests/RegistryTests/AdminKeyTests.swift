import Foundation
import Locking
import Registry
import Testing

@Suite("AdminKey")
struct AdminKeyTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("the first start writes 256 bits for the owner alone; later starts read them")
  func created() throws {
    let path = folder.unused()
    let key = try AdminKey.loadOrCreate(in: path)
    #expect(key.secret.utf8.count == 64 && key.secret.allSatisfy(\.isHexDigit))
    #expect(try FileManager.default.attributesOfItem(atPath: path + "/admin.key")[.posixPermissions] as? Int == 0o600)
    #expect(try AdminKey.loadOrCreate(in: path).secret == key.secret)
    #expect(try AdminKey.loadOrCreate(in: folder.unused()).secret != key.secret)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["admin.key"])
  }

  @Test("servers that start at once agree on one key")
  func concurrent() throws {
    let path = folder.unused()
    let secrets = Protected<Set<String>>([])
    let errors = atOnce(16) { _ in
      let secret = try AdminKey.loadOrCreate(in: path).secret
      secrets.withLock { _ = $0.insert(secret) }
    }
    #expect(errors.isEmpty)
    #expect(secrets.withLock { $0.count } == 1)
  }

  @Test("a start that was cut off while it wrote the key leaves the next one free to write it")
  func cutOff() throws {
    try Data("half".utf8).write(to: URL(fileURLWithPath: folder.path + "/admin.key.part"))
    #expect(try AdminKey.loadOrCreate(in: folder.path).secret.utf8.count == 64)
  }

  @Test("the key matches itself and nothing else")
  func matches() throws {
    let key = try AdminKey(secret: "correct-horse-battery")
    #expect(key.matches("correct-horse-battery"))
    for wrong in ["", "correct-horse-batterz", "correct-horse-batter", "correct-horse-battery ", "Correct-horse-battery"] {
      #expect(!key.matches(wrong))
    }
  }

  @Test("a key never prints")
  func hidden() throws {
    let key = try AdminKey(secret: "correct-horse-battery")
    #expect(!"\(key)".contains("horse") && !String(reflecting: key).contains("horse"))
  }

  @Test(
    "a key that is short or can't travel in a header is refused, and a bad file is not replaced",
    arguments: ["", "short", "a key with some spaces", "schlüssel-schlüssel"])
  func refused(_ secret: String) throws {
    #expect(throws: StoreError.self) { try AdminKey(secret: secret) }
    let file = URL(fileURLWithPath: folder.path + "/admin.key")
    try Data(secret.utf8).write(to: file)
    #expect(throws: StoreError.self) { try AdminKey.loadOrCreate(in: folder.path) }
    #expect(try Data(contentsOf: file) == Data(secret.utf8))
  }
}
