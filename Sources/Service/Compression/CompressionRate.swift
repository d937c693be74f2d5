internal import Foundation

/// How many bits a stream takes, beside what the model promises.
package struct CompressionRate: Sendable {
  private let width: Int
  package private(set) var items = 0
  package private(set) var bytes = 0
  /// Of the items alone, without starting words, header and index.
  package internal(set) var netBits = 0.0
  private var nats = 0.0

  init(width: Int) { self.width = width }

  mutating func add(items: Int = 0, bytes: Int) {
    self.items += items
    self.bytes += bytes
  }

  mutating func add(bounds: [Double], bytes: Int) {
    add(items: bounds.count, bytes: bytes)
    for bound in bounds { nats -= bound }
  }

  package var dimensions: Int { items * width }
  package var grossBits: Int { 8 * bytes }
  /// Bits a dimension of the whole stream.
  package var gross: Double { Double(grossBits) / Double(dimensions) }
  /// Of the items alone, without starting words, header and index.
  package var net: Double { netBits / Double(dimensions) }
  /// The negative evidence lower bound, of one draw an item.
  package var bound: Double { nats / log(2) / Double(dimensions) }
}
