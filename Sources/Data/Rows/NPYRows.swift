internal import Formats
internal import Foundation

/// The entries of a NumPy array's first axis, read from its file as they are wanted.
struct NPYRows: ItemRows {
  let count: Int
  let width: Int
  var holdsFloats: Bool { true }
  private let bytes: Data
  private let layout: NPYLayout

  init(_ bytes: Data, _ layout: NPYLayout) {
    (self.bytes, self.layout, count) = (bytes, layout, layout.shape.first ?? 0)
    width = layout.shape.dropFirst().reduce(1, *)
  }

  func write(_ place: Int, to out: UnsafeMutablePointer<Float>) {
    bytes.withUnsafeBytes { layout.read(place * width..<(place + 1) * width, of: $0, to: out) }
  }
}

/// A NumPy array as a source of items; its values are looked at once, a block at a time.
struct NPYSource {
  let shape: [Int]
  let rows: any ItemRows
  let digest: Digest
  private static let block = 1 << 18

  /// - Parameter range: values outside it are refused; nil: all finite ones are taken.
  init(_ path: String, range: ClosedRange<Float>?) throws {
    let file = try MappedFile(path)
    let layout = try file.bytes.withUnsafeBytes { try NPYLayout($0) }
    (shape, digest) = (layout.shape, file.digest)
    guard shape.count > 1, !layout.isScattered else {
      // An entry of the first axis is spread over the whole file: read as one and turned.
      let values = try NPY.decode(Array(file.bytes)).scalars
      try Self.check(values, from: 0, range, path)
      rows = FloatRows(values, width: max(1, shape.dropFirst().reduce(1, *)))
      return
    }
    for start in stride(from: 0, to: layout.count, by: Self.block) {
      let part = start..<min(start + Self.block, layout.count)
      try Self.check(file.bytes.withUnsafeBytes { try layout.floats(part, of: $0) }, from: start, range, path)
    }
    rows = NPYRows(file.bytes, layout)
  }

  private static func check(_ values: [Float], from first: Int, _ range: ClosedRange<Float>?, _ path: String) throws(DataError) {
    if let bad = values.firstIndex(where: { !$0.isFinite }) {
      throw DataError("\(path): value \(first + bad) is \(values[bad]), expected finite numbers")
    }
    guard let range, let outside = values.firstIndex(where: { !range.contains($0) }) else { return }
    throw DataError("\(path): value \(first + outside) is \(values[outside]), outside data.range \([range.lowerBound, range.upperBound])")
  }
}
