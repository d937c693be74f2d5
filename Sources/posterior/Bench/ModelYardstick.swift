import Foundation
import Tensors

/// The matrix products of an operation, and what they would cost by OpenBLAS alone.
struct ModelYardstick {
  /// The products of `rows` rows.
  let products: [ProductShape]
  let rows: Int
  /// Items a second that OpenBLAS could compute on all threads, the best of the measurements; nil where there is no OpenBLAS.
  let itemsPerSecond: Double?

  /// Measures for a moment: when the machine has nothing else to do.
  init(_ products: [ProductShape], rows: Int, on machine: BenchedMachine) {
    self.init(products, rows: rows, on: machine, atLeast: 0)
  }

  private init(_ products: [ProductShape], rows: Int, on machine: BenchedMachine, atLeast floor: Double) {
    (self.products, self.rows) = (products, rows)
    itemsPerSecond = machine.openBLASRate(products, seconds: 0.3).map { max(floor, Double(rows) * $0) }
  }

  /// The better of this measurement and another: what disturbs a measurement makes it slower.
  func measuredAgain(on machine: BenchedMachine) -> ModelYardstick {
    ModelYardstick(products, rows: rows, on: machine, atLeast: itemsPerSecond ?? 0)
  }

  var multiplyAddsPerItem: Double { Double(products.reduce(0) { $0 + $1.multiplyAdds }) / Double(rows) }
}
