internal import COpenBLAS
internal import Dispatch
internal import Locking

/// A matrix product as its cost sees it: [rows, inner] · [inner, outputs].
package struct ProductShape: Sendable, Hashable {
  package let rows: Int
  package let outputs: Int
  package let inner: Int

  package init(rows: Int, outputs: Int, inner: Int) {
    self.rows = rows
    self.outputs = outputs
    self.inner = inner
  }

  package var multiplyAdds: Int { rows * outputs * inner }
}

/// Notes the products that a piece of arithmetic is made of: what it would cost at the least, as bare products.
///
/// Layers report themselves, convolutions as the product of their unfolded images. Nothing is noted, at the cost of one look, unless somebody asks.
package enum ProductRecorder {
  private final class Notes: Sendable {
    let shapes = Protected<[ProductShape]>([])
  }
  @TaskLocal private static var notes: Notes?

  /// The products of `body`, in their order.
  package static func record(_ body: () throws -> Void) rethrows -> [ProductShape] {
    let notes = Notes()
    try $notes.withValue(notes, operation: body)
    return notes.shapes.withLock { $0 }
  }

  static func note(rows: Int, outputs: Int, inner: Int) {
    notes?.shapes.withLock { $0.append(ProductShape(rows: rows, outputs: outputs, inner: inner)) }
  }
}

/// The yardstick of all arithmetic: OpenBLAS's single-precision product.
package enum Yardstick {
  /// How often a second `threads` threads, each for itself, compute all of `products`; for about `seconds`.
  package static func rate(_ products: [ProductShape], threads: Int, seconds: Double) -> Double {
    precondition(!products.isEmpty && threads > 0, "\(products.count) products on \(threads) threads")
    _ = Parallelism.singleThreadedBLAS
    let total = Protected(0.0)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      let rate = passes(products, seconds: seconds)
      total.withLock { $0 += rate }
    }
    return total.withLock { $0 }
  }

  private static func passes(_ products: [ProductShape], seconds: Double) -> Double {
    let operands = products.map { shape in
      (a: [Float](repeating: 0.5, count: shape.rows * shape.inner), b: [Float](repeating: 0.25, count: shape.outputs * shape.inner))
    }
    var c = [Float](repeating: 0, count: products.map { $0.rows * $0.outputs }.max() ?? 0)
    func pass() {
      for (shape, (a, b)) in zip(products, operands) {
        // The weight is [outputs, inner], as a Linear layer has it.
        cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasTrans, blasint(shape.rows), blasint(shape.outputs), blasint(shape.inner), 1, a, blasint(shape.inner), b,
          blasint(shape.inner), 0, &c, blasint(shape.outputs))
      }
    }
    // Caches, page faults, and OpenBLAS's own buffers.
    pass()
    let start = ContinuousClock.now
    var (count, elapsed) = (0, Duration.zero)
    repeat {
      pass()
      count += 1
      elapsed = ContinuousClock.now - start
    } while elapsed < .seconds(seconds)
    return Double(count) / (elapsed / .seconds(1))
  }
}
