extension SafeTensors {
  /// The types of scalars that the format names and that fill whole bytes.
  ///
  /// F16 and BF16 become float32 exactly, F64 by rounding to nearest, ties to even, and to infinity beyond float32's range. Other types are known, so
  /// that a file which holds them can be inspected, and are never read.
  package enum ScalarType: String, Sendable, CaseIterable {
    case bool = "BOOL"
    case u8 = "U8"
    case i8 = "I8"
    case f8E4M3 = "F8_E4M3"
    case f8E5M2 = "F8_E5M2"
    case u16 = "U16"
    case i16 = "I16"
    case f16 = "F16"
    case bf16 = "BF16"
    case u32 = "U32"
    case i32 = "I32"
    case f32 = "F32"
    case u64 = "U64"
    case i64 = "I64"
    case f64 = "F64"

    package var byteCount: Int {
      switch self {
      case .bool, .u8, .i8, .f8E4M3, .f8E5M2: 1
      case .u16, .i16, .f16, .bf16: 2
      case .u32, .i32, .f32: 4
      case .u64, .i64, .f64: 8
      }
    }

    package var isReadable: Bool {
      switch self {
      case .f16, .bf16, .f32, .f64: true
      case .bool, .u8, .i8, .f8E4M3, .f8E5M2, .u16, .i16, .u32, .i32, .u64, .i64: false
      }
    }

    /// Little-endian bytes as float32; nil for types that are not read.
    func floats(_ bytes: [UInt8]) -> [Float]? {
      switch self {
      case .f16: Self.map(bytes) { Float(Float16(bitPattern: $0)) }
      case .bf16: Self.map(bytes) { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
      case .f32: Self.map(bytes) { Float(bitPattern: $0) }
      case .f64: Self.map(bytes) { Float(Double(bitPattern: $0)) }
      case .bool, .u8, .i8, .f8E4M3, .f8E5M2, .u16, .i16, .u32, .i32, .u64, .i64: nil
      }
    }

    private static func map<Bits: FixedWidthInteger>(_ bytes: [UInt8], _ float: (Bits) -> Float) -> [Float] {
      let width = Bits.bitWidth / 8
      return bytes.withUnsafeBytes { raw in
        (0..<raw.count / width).map { float(Bits(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * width, as: Bits.self))) }
      }
    }
  }
}
