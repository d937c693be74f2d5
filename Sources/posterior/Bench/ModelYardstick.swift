import Foundation
import Tensors

/// What the matrix products of an operation would cost by OpenBLAS alone.
struct ModelYardstick {
  /// The products of `rows` rows.
  let products: [ProductShape]
  let rows: Int
  let threads: Int
  /// Items a second that OpenBLAS could compute on all threads; the best of the measurements.
  let itemsPerSecond: Double

  /// Measures for a moment: when the machine has nothing else to do.
  init(_ products: [ProductShape], rows: Int) {
    self.init(products, rows: rows, threads: ProcessInfo.processInfo.activeProcessorCount, atLeast: 0)
  }

  private init(_ products: [ProductShape], rows: Int, threads: Int, atLeast floor: Double) {
    (self.products, self.rows, self.threads) = (products, rows, threads)
    itemsPerSecond = max(floor, Double(rows) * Yardstick.rate(products, threads: threads, seconds: 0.3))
  }

  /// The better of this measurement and another: what disturbs a measurement makes it slower.
  func measuredAgain() -> ModelYardstick { ModelYardstick(products, rows: rows, threads: threads, atLeast: itemsPerSecond) }

  var multiplyAddsPerItem: Double { Double(products.reduce(0) { $0 + $1.multiplyAdds }) / Double(rows) }
}
