import Formats
import Testing

@Suite struct NPYTests {
  /// Written by NumPy 2.4.6, numpy.lib.format.write_array.
  static let float32 = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAwEdEAwDNzMw9AADAfwAAgH8="
  )
  static let fortran = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/zczMPQAAAMAAAMB/R0QDAAAAgH8="
  )
  static let fortran3 = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMywgNCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAABAQQAAgEAAAIBBAAAAQQAAoEEAAIA/AABQQQAAoEAAAIhBAAAQQQAAqEEAAABAAABgQQAAwEAAAJBBAAAgQQAAsEEAAEBAAABwQQAA4EAAAJhBAAAwQQAAuEE="
  )
  static let float64 = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqamZmZmZm5P/yp8dJNYlC/AAAAEAAAcEE="
  )
  static let int32 = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDEpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr/////BwAAAA=="
  )
  static let int64 = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAEAAP3/////////"
  )
  static let uint8 = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnfHUxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoA/w=="
  )
  static let bool = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnfGIxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAA=="
  )
  static let scalar = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAACBA"
  )
  static let empty = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDAsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo="
  )
  static let bigEndian = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPmY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo/gAAA"
  )
  static let version2 = base64(
    "k05VTVBZAgB0AAAAeydkZXNjcic6ICc8ZjQnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAIA/AAAAQA=="
  )

  static let float16 = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDQsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAPgDA/3sBAA=="
  )
  static let uint16 = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPHUyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAP//"
  )
  static let int8 = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnfGkxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqAfw=="
  )
  static let int16 = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGkyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr+/ywB"
  )
  static let uint32 = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPHU0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoHAAAAAP///w=="
  )
  static let bigInt32 = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPmk0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr////9AAERcA=="
  )
  static let bigFloat64 = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPmY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo/uZmZmZmZmr9QYk3S8an8"
  )
  static let uint64 = base64(
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPHU4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoFAAAAAAAAAAAAAAAAAQAA"
  )
  static let version3 = base64(
    "k05VTVBZAwB0AAAAeydkZXNjcic6ICc8ZjQnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAIA/AAAAQA=="
  )

  @Test("Arrays that NumPy wrote are read, every element type and order")
  func numpyFiles() throws {
    let matrix: [Float] = [1.5, -2, Float(bitPattern: 0x0003_4447), 0.1, .nan, .infinity]
    for bytes in [Self.float32, Self.fortran] {
      let array = try NPY.decode(bytes)
      #expect(array.shape == [2, 3])
      #expect(array.scalars.map(\.bitPattern) == matrix.map(\.bitPattern))
    }
    #expect(try NPY.decode(Self.fortran3) == NumberArray(shape: [2, 3, 4], scalars: (0..<24).map { Float($0) }))
    #expect(try NPY.decode(Self.float64) == NumberArray(shape: [3], scalars: [0.1, -1e-3, 16_777_216]))
    #expect(try NPY.decode(Self.int32) == NumberArray(shape: [2, 1], scalars: [-1, 7]))
    #expect(try NPY.decode(Self.int64) == NumberArray(shape: [2], scalars: [0x1p40, -3]))
    #expect(try NPY.decode(Self.uint8) == NumberArray(shape: [2], scalars: [0, 255]))
    #expect(try NPY.decode(Self.bool) == NumberArray(shape: [2], scalars: [1, 0]))
    #expect(try NPY.decode(Self.scalar) == NumberArray(shape: [], scalars: [2.5]))
    #expect(try NPY.decode(Self.empty) == NumberArray(shape: [0, 3], scalars: []))
    #expect(try NPY.decode(Self.version2) == NumberArray(shape: [2], scalars: [1, 2]))
    #expect(try NPY.decode(Self.version3) == NumberArray(shape: [2], scalars: [1, 2]))
    #expect(try NPY.decode(Self.float16) == NumberArray(shape: [4], scalars: [1.5, -2, 65_504, 0x1p-24]))
    #expect(try NPY.decode(Self.uint16) == NumberArray(shape: [2], scalars: [1, 65_535]))
    #expect(try NPY.decode(Self.uint32) == NumberArray(shape: [2], scalars: [7, 4_294_967_040]))
    #expect(try NPY.decode(Self.uint64) == NumberArray(shape: [2], scalars: [5, 0x1p40]))
    #expect(try NPY.decode(Self.int8) == NumberArray(shape: [2], scalars: [-128, 127]))
    #expect(try NPY.decode(Self.int16) == NumberArray(shape: [2], scalars: [-2, 300]))
    #expect(try NPY.decode(Self.bigEndian) == NumberArray(shape: [1], scalars: [1]))
    #expect(try NPY.decode(Self.bigInt32) == NumberArray(shape: [2], scalars: [-3, 70_000]))
    #expect(try NPY.decode(Self.bigFloat64) == NumberArray(shape: [2], scalars: [0.1, -1e-3]))
  }

  @Test("Written files are NumPy's own bytes")
  func writer() throws {
    let matrix = try NPY.decode(Self.float32)
    #expect(NPY.encode(matrix.scalars, shape: matrix.shape) == Self.float32)
    #expect(NPY.encode([2.5], shape: []) == Self.scalar)
    #expect(NPY.encode([], shape: [0, 3]) == Self.empty)
  }

  @Test("Every float comes back bit for bit")
  func roundTrip() throws {
    let scalars: [Float] = [0, -0.0, .leastNonzeroMagnitude, -.leastNormalMagnitude, .greatestFiniteMagnitude, .infinity, -.infinity, .nan]
    let array = try NPY.decode(NPY.encode(scalars, shape: [2, 1, 4]))
    #expect(array.shape == [2, 1, 4])
    #expect(array.scalars.map(\.bitPattern) == scalars.map(\.bitPattern))
  }

  /// A version 1.0 file with this header and data.
  static func file(_ header: String, data: Int = 0) -> [UInt8] {
    [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)] + Array(header.utf8)
      + [UInt8](repeating: 0, count: data)
  }

  @Test(
    "Headers that are not exactly the literal are malformed",
    arguments: [
      "", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}", "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}", "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (1,)}", "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (\(String(repeating: "1,", count: 33)))}",
    ])
  func malformedHeaders(header: String) {
    let error = #expect(throws: FormatError.self) { try NPY.decode(Self.file(header, data: 4)) }
    #expect(error?.reason == .malformed)
  }

  @Test("Spaces, quotes and the order of keys are free, as in Python")
  func freeHeaders() throws {
    let header = "{ \"shape\":(1,1),'fortran_order' :True ,'descr':\"<f4\"}\n"
    #expect(try NPY.decode(Self.file(header, data: 4)) == NumberArray(shape: [1, 1], scalars: [0]))
  }

  @Test("What is valid but not read here is told apart from what is broken")
  func reasons() {
    func reason(_ bytes: [UInt8], maximumElements: Int = 1 << 20) -> FormatError.Reason? {
      do throws(FormatError) {
        _ = try NPY.decode(bytes, maximumElements: maximumElements)
        return nil
      } catch { return error.reason }
    }
    for type in ["<f16", "<c8", "<U4", "=f4", "<i3", "<f04", "|f4", "f4", "<b2"] {
      #expect(reason(Self.file("{'descr': '\(type)', 'fortran_order': False, 'shape': (1,)}")) == .unsupported, "\(type)")
    }
    #expect(reason([UInt8]("PK\u{3}\u{4}".utf8)) == .unsupported)
    #expect(reason(Self.file("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}")) == .unsupported)
    #expect(reason(Self.float32, maximumElements: 5) == .tooLarge)
    #expect(reason(Self.file("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296)}")) == .tooLarge)
    #expect(reason(Self.float32 + [0]) == .malformed)
    var beyond = Self.float64
    beyond.replaceSubrange(beyond.count - 8..<beyond.count, with: withUnsafeBytes(of: 1e300.bitPattern.littleEndian) { Array($0) })
    #expect(reason(beyond) == .malformed)
    beyond.replaceSubrange(beyond.count - 8..<beyond.count, with: withUnsafeBytes(of: Double.infinity.bitPattern.littleEndian) { Array($0) })
    #expect(reason(beyond) == nil)
  }

  @Test("Truncated files are errors, damaged ones an error or an array that fits its shape")
  func damage() {
    for (index, bytes) in [Self.float32, Self.fortran3, Self.float64, Self.version2].enumerated() {
      for prefix in Damage.truncations(of: bytes) {
        #expect(throws: FormatError.self) { try NPY.decode(prefix) }
      }
      for damaged in Damage.mutations(of: bytes, count: 2000, seed: UInt64(index)) {
        guard let array = try? NPY.decode(damaged) else { continue }
        #expect(array.shape.reduce(1, *) == array.scalars.count)
      }
    }
  }
}
