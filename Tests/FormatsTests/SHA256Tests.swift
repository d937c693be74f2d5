import Formats
import Foundation
import Testing

@Suite struct SHA256Tests {
  /// FIPS 180-4 examples (NIST, "Examples with Intermediate Values").
  @Test(
    "The standard's examples have the standard's digests",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
    ])
  func standardExamples(text: String, hex: String) {
    #expect(SHA256.digest(Array(text.utf8)).hex == hex)
  }

  @Test("Pieces, one shot and a file give one digest, and the hasher starts again after it")
  func pieces() throws {
    var generator = SplitMix(state: 1)
    let bytes = (0..<2_500_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    var hasher = SHA256()
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + Int.random(in: 0...100_000, using: &generator))
      hasher.update(Array(bytes[start..<end]))
      start = end
    }
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("sha256-\(UUID().uuidString)").path
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }

    let digest = SHA256.digest(bytes)
    #expect(hasher.finalize() == digest)
    #expect(hasher.finalize() == SHA256.digest([]))
    #expect(try SHA256.digest(ofFile: path) == digest)
    #expect(throws: (any Error).self) { try SHA256.digest(ofFile: path + "-absent") }
  }

  @Test("A digest's text reads back; its base64 is the one of Content-Digest")
  func text() throws {
    // RFC 9530, appendix D: the digest of {"hello": "world"} and a line feed.
    let digest = SHA256.digest(Array("{\"hello\": \"world\"}\n".utf8))
    #expect(digest.base64 == "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=")
    #expect(Digest(digest.description) == digest)
    #expect(Digest(bytes: digest.bytes) == digest)
    #expect(try JSONDecoder().decode([Digest].self, from: JSONEncoder().encode([digest])) == [digest])
    #expect(try StrictJSON.decode([Digest].self, from: Array("[\"\(digest)\"]".utf8)) == [digest])
  }

  @Test("Anything but sha256: and 64 lowercase digits is no digest")
  func strictText() {
    let hex = String(repeating: "0a", count: 32)
    #expect(Digest("sha256:" + hex) != nil)
    for text in [
      "", hex, "sha512:" + hex, "SHA256:" + hex, "sha256:" + hex.uppercased(), "sha256:" + hex.dropLast(), "sha256:" + hex + "0", " sha256:" + hex,
      "sha256:" + hex.dropLast() + "g",
    ] {
      #expect(Digest(text) == nil, "\(text)")
      #expect(throws: JSONError.self) { try StrictJSON.decode(Digest.self, from: Array("\"\(text)\"".utf8)) }
    }
    #expect(Digest(bytes: [1, 2, 3]) == nil)
  }
}
