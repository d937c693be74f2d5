/// A type of the elements of a tensor, under the name that the Open Inference Protocol gives it.
package enum TensorType: String, CaseIterable, Sendable {
  case bool = "BOOL"
  case uint8 = "UINT8"
  case uint16 = "UINT16"
  case uint32 = "UINT32"
  case uint64 = "UINT64"
  case int8 = "INT8"
  case int16 = "INT16"
  case int32 = "INT32"
  case int64 = "INT64"
  case fp16 = "FP16"
  /// Triton's addition: the upper half of a float32.
  case bf16 = "BF16"
  case fp32 = "FP32"
  case fp64 = "FP64"
  /// Texts, each behind its length.
  case bytes = "BYTES"

  /// Bytes of an element; nil where each says its own.
  var size: Int? {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .fp16, .bf16: 2
    case .uint32, .int32, .fp32: 4
    case .uint64, .int64, .fp64: 8
    case .bytes: nil
    }
  }

  /// As Triton's model configuration names it.
  var configurationName: String { self == .bytes ? "TYPE_STRING" : "TYPE_" + rawValue }

  /// Whole numbers that it holds; nil for fractions and texts.
  var wholeNumbers: ClosedRange<Double>? {
    switch self {
    case .bool: 0...1
    case .uint8: 0...255
    case .uint16: 0...65_535
    case .uint32: 0...0xFFFF_FFFF
    case .uint64: 0...0x1p64
    case .int8: -128...127
    case .int16: -32_768...32_767
    case .int32: -0x1p31...0x7FFF_FFFF
    case .int64: -0x1p63...0x1p63
    case .fp16, .bf16, .fp32, .fp64, .bytes: nil
    }
  }

  /// Elements of little-endian bytes, which are as many as they should be.
  func numbers<Number: BinaryFloatingPoint>(_ bytes: ArraySlice<UInt8>, as _: Number.Type) -> [Number] {
    func whole<Whole: FixedWidthInteger>(_: Whole.Type) -> [Number] { Self.elements(bytes) { Number(Whole(littleEndian: $0)) } }
    return switch self {
    case .bool: Self.elements(bytes) { (byte: UInt8) in byte == 0 ? 0 : 1 }
    case .uint8: whole(UInt8.self)
    case .uint16: whole(UInt16.self)
    case .uint32: whole(UInt32.self)
    case .uint64: whole(UInt64.self)
    case .int8: whole(Int8.self)
    case .int16: whole(Int16.self)
    case .int32: whole(Int32.self)
    case .int64: whole(Int64.self)
    case .fp16: Self.elements(bytes) { Number(Float(Float16(bitPattern: UInt16(littleEndian: $0)))) }
    case .bf16: Self.elements(bytes) { Number(Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16)) }
    case .fp32: Self.elements(bytes) { Number(Float(bitPattern: UInt32(littleEndian: $0))) }
    case .fp64: Self.elements(bytes) { Number(Double(bitPattern: UInt64(littleEndian: $0))) }
    case .bytes: preconditionFailure("texts are no numbers")
    }
  }

  private static func elements<Pattern: FixedWidthInteger, Number>(_ bytes: ArraySlice<UInt8>, _ number: (Pattern) -> Number) -> [Number] {
    let size = MemoryLayout<Pattern>.size
    return bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / size).map { number(bytes.loadUnaligned(fromByteOffset: $0 * size, as: Pattern.self)) }
    }
  }
}
