internal import Foundation

/// How many bits a stream of items with levels takes.
package struct CompressionRate: StreamRate {
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

  package var grossBits: Int { 8 * bytes }

  package var perDimension: BitsPerDimension? {
    let dimensions = Double(items * width)
    guard dimensions > 0 else { return nil }
    return BitsPerDimension(gross: Double(grossBits) / dimensions, net: netBits / dimensions, bound: nats / log(2) / dimensions)
  }

  package var summary: [String] {
    let rates = perDimension.map { rate in
      String(
        format: "rate %.4f bits/dim gross, %.4f net of random bits and frame; the model's bound %.4f", rate.gross, rate.net, rate.bound)
    }
    return ["\(items) items of \(width) numbers in \(bytes) bytes"] + (rates.map { [$0] } ?? [])
      + [String(format: "%d bits gross, %.0f net", grossBits, netBits)]
  }
}
