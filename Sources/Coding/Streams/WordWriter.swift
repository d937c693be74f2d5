/// Little-endian integers, one after the other.
struct WordWriter {
  var bytes: [UInt8] = []

  mutating func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
}
