import Formats
import Foundation
import HTTP
import Registry
import Service
import Testing

@Suite("Uploading a model")
struct UploadTests {
  @Test("a new model is created, named by its address, and answers at once")
  func created() async throws {
    let fixture = try ServiceFixture(models: false)
    let upload = try await fixture.upload(ModelFiles.pictures, as: "fresh")
    #expect(upload.status == 201, "\(upload.text)")
    #expect(upload.headers["Location"] == "/v1/models/fresh@1")
    #expect(try upload.member("digest")?.string == SHA256.digest(ModelFiles.pictures).description)
    #expect(try upload.member("family")?.string == "vae")
    #expect(
      try upload.member("operations")?.elements.compactMap(\.string) == [
        "compress", "decode", "decompress", "encode", "reconstruct", "robustness", "sample", "score",
      ])
    let sample = try await fixture.post("/v1/models/fresh/sample", json: #"{"seed": 1}"#)
    #expect(sample.status == 200)
    #expect(sample.headers["Posterior-Model"] == "fresh@1")
    #expect(sample.headers["Posterior-Digest"] == SHA256.digest(ModelFiles.pictures).description)
    #expect(sample.headers["Posterior-Seed"] == "1")
  }

  @Test("the same bytes again are the same version; other bytes are the next")
  func idempotent() async throws {
    let fixture = try ServiceFixture(models: false)
    #expect(try await fixture.upload(ModelFiles.vector, as: "m").status == 201)
    let content = try fixture.content
    let again = try await fixture.upload(ModelFiles.vector, as: "m")
    #expect(again.status == 200)
    #expect(try again.member("version")?.integer == 1)
    #expect(try fixture.content == content)
    let other = try await fixture.upload(ModelFiles.toy, as: "m")
    #expect(other.status == 201)
    #expect(try other.member("version")?.integer == 2)
    #expect(try fixture.store.resolve("m").version == 2)
  }

  @Test("without an alias, none moves")
  func withoutAlias() async throws {
    let fixture = try ServiceFixture(models: false)
    #expect(try await fixture.upload(ModelFiles.vector, as: "m", query: "").status == 201)
    #expect(try await fixture.post("/v1/models/m/sample", json: "{}").status == 404)
    #expect(try await fixture.post("/v1/models/m@1/sample", json: "{}").status == 200)
    let shown = try await fixture.get("/v1/models/m")
    #expect(shown.status == 200)
    #expect(try shown.member("version") == .null)
  }

  @Test("a form's field named file is the model")
  func form() async throws {
    let fixture = try ServiceFixture(models: false)
    let body = Self.form(field: "file", ModelFiles.toy)
    let upload = try await fixture.upload(body, as: "m", headers: ["Content-Type": "multipart/form-data; boundary=edge"])
    #expect(upload.status == 201, "\(upload.text)")
    #expect(try upload.member("digest")?.string == SHA256.digest(ModelFiles.toy).description)
    let other = try await fixture.upload(
      Self.form(field: "model", ModelFiles.vector), as: "m", headers: ["Content-Type": "multipart/form-data; boundary=edge"])
    #expect(other.status == 400 && other.text.contains("file"))
  }

  @Test("the announced digest is compared with the bytes that came")
  func contentDigest() async throws {
    let fixture = try ServiceFixture(models: false)
    let right = SHA256.digest(ModelFiles.toy).base64
    let accepted = try await fixture.upload(ModelFiles.toy, as: "m", headers: ["Content-Digest": "sha-512=:AAAA:, sha-256=:\(right):"])
    #expect(accepted.status == 201, "\(accepted.text)")
    let content = try fixture.content
    let wrong = try await fixture.upload(ModelFiles.vector, as: "m", headers: ["Content-Digest": "sha-256=:\(right):"])
    #expect(wrong.status == 400 && wrong.text.contains("digest-mismatch"))
    let malformed = try await fixture.upload(ModelFiles.vector, as: "m", headers: ["Content-Digest": "sha-256=hello"])
    #expect(malformed.status == 400 && malformed.text.contains("sha-256=:BASE64:"))
    #expect(try fixture.content == content)
  }

  /// What can be wrong with a file, and what is said about it.
  static let refusals: [(String, [UInt8], String)] = [
    ("nothing", [], "usable model"),
    ("a text", Array("hello, I am not a model".utf8), "usable model"),
    ("half a model", Array(ModelFiles.pictures.prefix(ModelFiles.pictures.count / 2)), "usable model"),
    ("a model with a byte more", ModelFiles.pictures + [0], "usable model"),
    ("a zip archive, as PyTorch saves", [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 100), "usable model"),
    ("a pickle", [0x80, 2, 0x8A, 10] + [UInt8](repeating: 0, count: 20), "a Python pickle"),
    ("a weight that is not a number", ModelFiles.pictures.dropLast(4) + [0, 0, 0xC0, 0x7F], "finite"),
  ]

  @Test("a file that is no model is refused, and the store is as it was", arguments: refusals.map(\.0))
  func refusal(_ what: String) async throws {
    let fixture = try ServiceFixture()
    let content = try fixture.content
    let (_, bytes, words) = try #require(Self.refusals.first { $0.0 == what })
    let upload = try await fixture.upload(bytes, as: "pictures")
    #expect(upload.status == 422, "\(upload.text)")
    #expect(try upload.member("type")?.string == "urn:posterior:problem:unusable-model")
    #expect(upload.headers["Content-Type"] == "application/problem+json")
    #expect(upload.text.contains(words), "\(upload.text)")
    #expect(try fixture.content == content)
    #expect(try fixture.store.resolve("pictures").version == 1)
  }

  @Test(
    "a name or alias that can't be is refused before a byte is stored",
    arguments: ["/v1/admin/models/A%20B/versions", "/v1/admin/models/a/versions?alias=3"])
  func names(target: String) async throws {
    let fixture = try ServiceFixture()
    let content = try fixture.content
    let upload = try await fixture.exchange(.post, target, body: ModelFiles.toy, key: ServiceFixture.key)
    #expect(upload.status == 400)
    #expect(try fixture.content == content)
  }

  @Test("aliases move with their history, and a version goes only when no alias names it")
  func aliases() async throws {
    let fixture = try ServiceFixture(models: false)
    for bytes in [ModelFiles.vector, ModelFiles.toy] { #expect(try await fixture.upload(bytes, as: "m").status == 201) }
    let key = ServiceFixture.key
    let target = "/v1/admin/models/m/aliases/live"
    let moved = try await fixture.exchange(.put, target, body: Array(#"{"version": 1, "reason": "the new one is worse"}"#.utf8), key: key)
    #expect(moved.status == 200, "\(moved.text)")
    #expect(try fixture.store.resolve("m").version == 1)
    let history = try await fixture.get("\(target)/history", key: key)
    #expect(try history.member("history")?.elements.first?["reason"]?.string == "the new one is worse")
    #expect(try await fixture.exchange(.delete, "/v1/admin/models/m/versions/1", key: key).status == 409)
    #expect(try await fixture.exchange(.delete, "/v1/admin/models/m/versions/2", key: key).status == 204)
    #expect(try await fixture.exchange(.delete, target, key: key).status == 204)
    #expect(try await fixture.post("/v1/models/m/sample", json: "{}").status == 404)
    #expect(try await fixture.exchange(.put, target, body: Array(#"{"version": 7}"#.utf8), key: key).status == 404)
  }

  @Test("a disk that is full says so, and keeps what was there", .enabled(if: SmallDisk() != nil, "needs the right to mount a small disk"))
  func diskFull() async throws {
    let disk = try #require(SmallDisk())
    let fixture = try ServiceFixture(directory: disk.path)
    #expect(try await fixture.upload(ModelFiles.toy, as: "small").status == 201)
    let content = try fixture.content
    let sample = try await fixture.post("/v1/models/small/sample", json: #"{"seed": 1}"#)
    let upload = try await fixture.upload([UInt8](repeating: 7, count: 4 << 20), as: "large")
    #expect(upload.status == 507, "\(upload.text)")
    #expect(upload.text.contains("full"))
    #expect(try fixture.content == content)
    #expect(try await fixture.post("/v1/models/small/sample", json: #"{"seed": 1}"#).body == sample.body)
  }

  private static func form(field: String, _ bytes: [UInt8]) -> [UInt8] {
    Array("--edge\r\nContent-Disposition: form-data; name=\"\(field)\"; filename=\"m.safetensors\"\r\n\r\n".utf8) + bytes
      + Array("\r\n--edge--\r\n".utf8)
  }
}
