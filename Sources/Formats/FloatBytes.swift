/// Float32 numbers as little-endian bytes, the body of `application/octet-stream` and of `<f4` arrays.
package enum FloatBytes {
  /// - Returns: nil if the number of bytes is no multiple of four.
  package static func decode(_ bytes: [UInt8]) -> [Float]? {
    guard bytes.count % 4 == 0 else { return nil }
    return bytes.withUnsafeBytes { decode($0) }
  }

  /// - Precondition: the number of bytes is a multiple of four.
  package static func decode(_ bytes: ArraySlice<UInt8>) -> [Float] {
    precondition(bytes.count % 4 == 0, "\(bytes.count) bytes of float32")
    return bytes.withUnsafeBytes { decode($0) }
  }

  package static func append(_ scalars: [Float], to bytes: inout [UInt8]) { append(scalars[...], to: &bytes) }

  package static func append(_ scalars: ArraySlice<Float>, to bytes: inout [UInt8]) {
    bytes.reserveCapacity(bytes.count + 4 * scalars.count)
    #if _endian(little)
      scalars.withUnsafeBytes { bytes.append(contentsOf: $0) }
    #else
      for scalar in scalars { withUnsafeBytes(of: scalar.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
    #endif
  }

  static func decode(_ bytes: UnsafeRawBufferPointer) -> [Float] {
    let count = bytes.count / 4
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count {
        let pattern = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
        buffer.initializeElement(at: index, to: Float(bitPattern: pattern))
      }
      initialized = count
    }
  }
}
