import Formats
import Testing

@Suite struct CRC32CTests {
  /// The check value, and the examples of RFC 3720, appendix B.4.
  @Test(
    "Known bytes have their known checksums",
    arguments: [
      (Array("123456789".utf8), 0xE306_9283), ([], 0), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
      ([UInt8](repeating: 0xff, count: 32), 0x62A8_AB43),
      (Array(0..<32), 0x46DD_794E), (Array((0..<32).reversed()), 0x113F_DB5C),
    ] as [([UInt8], UInt32)])
  func known(bytes: [UInt8], checksum: UInt32) {
    #expect(CRC32C.of(bytes) == checksum)
  }

  @Test("Pieces have the checksum of the whole, wherever it is cut")
  func pieces() {
    var generator = SplitMix(state: 5)
    let bytes = (0..<100).map { _ in UInt8.random(in: 0...255, using: &generator) }
    for cut in bytes.indices {
      var checksum = CRC32C()
      checksum.update(bytes[..<cut])
      checksum.update(bytes[cut...])
      #expect(checksum.value == CRC32C.of(bytes))
      #expect(CRC32C(after: CRC32C.of(bytes[..<cut])).value == CRC32C.of(bytes[..<cut]))
      // A sequence without storage of its own.
      #expect(CRC32C.of(AnySequence(bytes[..<cut])) == CRC32C.of(bytes[..<cut]))
    }
  }
}
