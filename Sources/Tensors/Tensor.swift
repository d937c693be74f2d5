/// A row-major array of float32 with a shape; it has no history unless one of the tensors that it came from is watched.
///
/// Tensors are values and immutable outside this module. Operations on tensors nobody watches record nothing, so serving is plain arithmetic.
package struct Tensor: Sendable {
  package let shape: Shape
  /// Row-major; empty where the numbers are packed.
  private var rows: [Float]
  /// The numbers in the layout of products instead of in rows.
  let packing: PackedMatrix?
  let origin: Origin?

  package init(shape: Shape, scalars: [Float]) {
    precondition(scalars.count == shape.count, "\(scalars.count) scalars do not fill the shape \(shape)")
    self.init(shape: shape, scalars: scalars, origin: nil)
  }

  init(shape: Shape, scalars: [Float], origin: Origin?) {
    self.shape = shape
    rows = scalars
    packing = nil
    self.origin = origin
  }

  init(shape: Shape, packing: PackedMatrix) {
    self.shape = shape
    rows = []
    self.packing = packing
    origin = nil
  }

  /// A scalar, of shape `[]`.
  package init(_ scalar: Float) { self.init(shape: [], scalars: [scalar]) }

  /// A vector, of shape `[count]`.
  package init(_ vector: [Float]) { self.init(shape: [vector.count], scalars: vector) }

  /// A matrix from its rows, all of one length.
  package init(rows: [[Float]]) { self.init(shape: [rows.count, rows.first?.count ?? 0], scalars: rows.flatMap { $0 }) }

  /// A tensor whose every scalar is written by `body`.
  package init(shape: Shape, writing body: (UnsafeMutablePointer<Float>) -> Void) {
    let count = shape.count
    let scalars = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress, count > 0 { body(base) }
      initialized = count
    }
    self.init(shape: shape, scalars: scalars, origin: nil)
  }

  package static func full(_ shape: Shape, _ value: Float) -> Tensor {
    Tensor(shape: shape, scalars: [Float](repeating: value, count: shape.count))
  }
  /// A tensor of a shape alone, however large: it takes no memory, and asking for its numbers ends the program.
  package static func unfilled(_ shape: Shape) -> Tensor { Tensor(shape: shape, scalars: [], origin: nil) }
  package var isUnfilled: Bool { rows.isEmpty && packing == nil && !shape.dimensions.contains(0) }

  package static func zeros(_ shape: Shape) -> Tensor { full(shape, 0) }
  package static func ones(_ shape: Shape) -> Tensor { full(shape, 1) }

  package var count: Int { rows.isEmpty ? shape.count : rows.count }

  /// The numbers in row-major order.
  package var scalars: [Float] {
    if let packing { return packing.scalars }
    precondition(!isUnfilled, "a tensor of shape \(shape) that was only counted has no numbers")
    return rows
  }

  /// The only scalar of a tensor that holds one.
  package var scalar: Float {
    precondition(count == 1, "a tensor of shape \(shape) is not a scalar")
    return scalars[0]
  }

  /// The same numbers without history.
  package var detached: Tensor { origin == nil ? self : Tensor(shape: shape, scalars: scalars, origin: nil) }

  package var isFinite: Bool { scalars.allSatisfy(\.isFinite) }

  /// Calls `body` with the scalars' address; the address is valid during the call.
  package func withScalars<Result, Failure: Error>(_ body: (UnsafePointer<Float>) throws(Failure) -> Result) throws(Failure) -> Result {
    // An empty array may have no address: it lends one that is never read.
    if count == 0 { return try [Float(0)].lendingAddress(body) }
    return try scalars.lendingAddress(body)
  }

  /// Changes the scalars in place where no other tensor shares them; the history, if any, is left behind.
  package mutating func update(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    precondition(!isUnfilled, "a tensor of shape \(shape) that was only counted has no numbers")
    var taken: [Float] = packing?.scalars ?? []
    if packing == nil { swap(&taken, &rows) }
    taken.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { body(base) }
    }
    self = Tensor(shape: shape, scalars: taken, origin: nil)
  }
}

extension [Float] {
  fileprivate func lendingAddress<Result, Failure: Error>(_ body: (UnsafePointer<Float>) throws(Failure) -> Result) throws(Failure) -> Result {
    var outcome: Swift.Result<Result, Failure>?
    withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      do throws(Failure) { outcome = .success(try body(base)) } catch { outcome = .failure(error) }
    }
    guard let outcome else { preconditionFailure("an array with elements has an address") }
    return try outcome.get()
  }
}
