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
