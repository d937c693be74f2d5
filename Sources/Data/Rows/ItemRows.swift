internal import Tensors

/// Raw items by their place, which is their number for good: kept in memory, read from a file, or made when they are asked for.
package protocol ItemRows: Sendable {
  var count: Int { get }
  /// Numbers an item.
  var width: Int { get }
  /// Whether values may be of any size, so that they have to be looked at before something learns from them; bytes are within their range by
  /// themselves.
  var holdsFloats: Bool { get }
  /// Writes the numbers of one item, `width` of them.
  func write(_ place: Int, to out: UnsafeMutablePointer<Float>)
}

/// Bytes, such as levels of grey: 60 000 images take 47 MB instead of 188.
package struct ByteRows: ItemRows {
  private let values: [UInt8]
  package let width: Int
  package let count: Int
  package var holdsFloats: Bool { false }

  package init(_ values: [UInt8], width: Int) {
    precondition(values.count % width == 0, "\(values.count) numbers are no whole items of \(width)")
    (self.values, self.width, count) = (values, width, values.count / width)
  }

  package func write(_ place: Int, to out: UnsafeMutablePointer<Float>) {
    values.withUnsafeBufferPointer { values in for i in 0..<width { out[i] = Float(values[place * width + i]) } }
  }
}

/// Numbers in memory.
package struct FloatRows: ItemRows {
  private let values: [Float]
  package let width: Int
  package let count: Int
  package var holdsFloats: Bool { true }

  package init(_ values: [Float], width: Int) {
    precondition(values.count % width == 0, "\(values.count) numbers are no whole items of \(width)")
    (self.values, self.width, count) = (values, width, values.count / width)
  }

  package func write(_ place: Int, to out: UnsafeMutablePointer<Float>) {
    values.withUnsafeBufferPointer { values in for i in 0..<width { out[i] = values[place * width + i] } }
  }
}

/// The first items of others.
struct FirstRows: ItemRows {
  let base: any ItemRows
  let count: Int
  var width: Int { base.width }
  var holdsFloats: Bool { base.holdsFloats }
  func write(_ place: Int, to out: UnsafeMutablePointer<Float>) { base.write(place, to: out) }
}

/// Windows of others' items, `length` of them side by side, one window every `step` items.
struct WindowRows: ItemRows {
  let base: any ItemRows
  let length: Int
  let step: Int
  var width: Int { length * base.width }
  var count: Int { (base.count - length) / step + 1 }
  var holdsFloats: Bool { base.holdsFloats }
  func write(_ place: Int, to out: UnsafeMutablePointer<Float>) {
    for moment in 0..<length { base.write(place * step + moment, to: out + moment * base.width) }
  }
}
