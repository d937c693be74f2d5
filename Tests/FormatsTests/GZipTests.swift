import Formats
import Testing

@Suite struct GZipTests {
  /// Written by Python's gzip and zlib modules from "hello hello hello".
  static let gzip = base64("H4sIAAAAAAACA8tIzcnJV8hAkACAiPnlEQAAAA==")
  static let zlib = base64("eJzLSM3JyVfIQJAAOi4GfQ==")
  static let text = Array("hello hello hello".utf8)
  /// 64 MiB of zeros, gzipped twice: 269 bytes.
  static let bomb = base64(
    "H4sIAAAAAAACA+3cr05CcRTA8YtcNyYbYiAZ5BGIFAYazAbNjgcgkmVzJgsvQWZjc7PSeAO02f0TnDM5L9z7GL/z+aSTTzw7+549NrLSQf1jXavth9n8f/nVOMoAAACAxM1e7+vlMSDrFtvLqxsAAAAgdePjVl4dBf5uT8+tAwAAAJL3MOi3qw+B77tJbh0AAACQvM7v26i6BWyKp5Nr+wAAAIDkvQgGAAAAQCiCAQAAABCLYAAAAADEIhgAAAAAwQgGAAAAQCyCAQAAABCLYAAAAADEIhgAAAAAwQgGAAAAQCyCAQAAABDLYtDvlo8B7Z9iOrw4zAAAAIjkufnZe1/th3wHPEzs+uL+AAA="
  )

  @Test("gzip, zlib and several members in a row inflate")
  func inflate() throws {
    #expect(try GZip.inflate(Self.gzip, limit: 17) == Self.text)
    #expect(try GZip.inflate(Self.zlib, limit: 17) == Self.text)
    #expect(try GZip.inflate(Self.gzip + Self.gzip, limit: 34) == Self.text + Self.text)
    #expect(GZip.isGZip(Self.gzip) && !GZip.isGZip(Self.zlib) && !GZip.isGZip([0x1F]))
  }

  @Test("Deflated bytes come back, whatever the level", arguments: [0, 1, 6, 9])
  func roundTrip(level: Int) throws {
    var generator = SplitMix(state: 5)
    for count in [0, 1, 1000, 300_000] {
      let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      for bytes in [noise, [UInt8](repeating: 7, count: count)] {
        let deflated = GZip.deflate(bytes, level: level)
        #expect(GZip.isGZip(deflated))
        #expect(try GZip.inflate(deflated, limit: count) == bytes)
      }
    }
  }

  @Test("Output above the limit is refused, the limit itself is not")
  func bound() throws {
    let inner = try GZip.inflate(Self.bomb, limit: 1 << 20)
    for (bytes, limit) in [(Self.gzip, 16), (Self.gzip, 0), (inner, 1 << 20), (inner, (64 << 20) - 1), (Self.gzip + Self.gzip, 33)] {
      let error = #expect(throws: FormatError.self) { try GZip.inflate(bytes, limit: limit) }
      #expect(error?.reason == .tooLarge)
    }
    #expect(try GZip.inflate(inner, limit: .max).count == 64 << 20)
  }

  @Test("Truncated streams, damaged ones and trailing bytes are malformed")
  func damage() {
    for (index, bytes) in [Self.gzip, Self.zlib].enumerated() {
      for prefix in Damage.truncations(of: bytes) + [bytes + [0], bytes + [0x1F]] {
        let error = #expect(throws: FormatError.self) { try GZip.inflate(prefix, limit: 1000) }
        #expect(error?.reason == .malformed)
      }
      for damaged in Damage.mutations(of: bytes, count: 3000, seed: UInt64(index)) {
        guard let output = try? GZip.inflate(damaged, limit: 1000) else { continue }
        // Only the header has bytes that don't matter; the checksum catches the rest.
        #expect(output == Self.text || output == Self.text + Self.text || output.isEmpty)
      }
    }
  }
}
