/// CRC-32C, the checksum of iSCSI (RFC 3720 section 12.1), over bytes as they arrive: it finds every change of up to 32 neighbouring bits.
package struct CRC32C: Hashable, Sendable {
  /// The check value of everything so far.
  package private(set) var value: UInt32

  /// - Parameter value: the check value of the bytes that come before; 0 of none.
  package init(after value: UInt32 = 0) { self.value = value }

  package static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var checksum = CRC32C()
    checksum.update(bytes)
    return checksum.value
  }

  package mutating func update(_ bytes: some Sequence<UInt8>) {
    if bytes.withContiguousStorageIfAvailable({ update(UnsafeRawBufferPointer($0)) }) == nil { Array(bytes).withUnsafeBytes { update($0) } }
  }

  /// Eight bytes a step (Kounavis and Berry 2005, "slicing by 8").
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    value = Self.tables.withUnsafeBufferPointer { tables in
      var remainder = ~value
      var place = 0
      while place + 8 <= bytes.count {
        let next = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)) ^ UInt64(remainder)
        remainder = 0
        for byte in 0..<8 { remainder ^= tables[256 * (7 - byte) + Int(next >> UInt64(8 * byte) & 0xff)] }
        place += 8
      }
      for byte in bytes[place...] { remainder = remainder >> 8 ^ tables[Int((remainder ^ UInt32(byte)) & 0xff)] }
      return ~remainder
    }
  }

  /// Entry 256 z + b: the remainder of byte b followed by z zero bytes.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      // The polynomial 0x1EDC6F41 with its bits reversed.
      tables[byte] = (0..<8).reduce(UInt32(byte)) { remainder, _ in remainder >> 1 ^ (remainder & 1) * 0x82F6_3B78 }
    }
    for entry in 256..<8 * 256 { tables[entry] = tables[entry - 256] >> 8 ^ tables[Int(tables[entry - 256] & 0xff)] }
    return tables
  }()
}
