internal import CKernels

// NumPy's broadcasting: axes are matched from the last; an extent of 1 stretches.
extension Tensor {
  package static func + (a: Tensor, b: Tensor) -> Tensor {
    let (shapeA, shapeB) = (a.shape, b.shape)
    return a.plus(b).recorded(by: a, b) { [$0.asked[0] ? $0.g.summed(to: shapeA) : nil, $0.asked[1] ? $0.g.summed(to: shapeB) : nil] }
  }

  package static func - (a: Tensor, b: Tensor) -> Tensor {
    let (shapeA, shapeB) = (a.shape, b.shape)
    // a + (-b) has the bits of a - b, and the sum has kernels for rows and columns.
    let difference = shapeA == shapeB ? a.combined(with: b, kernel_subtract) : a.detached.plus(-b.detached)
    return difference.recorded(by: a, b) { [$0.asked[0] ? $0.g.summed(to: shapeA) : nil, $0.asked[1] ? -$0.g.summed(to: shapeB) : nil] }
  }

  package static func * (a: Tensor, b: Tensor) -> Tensor {
    a.broadcast(b, same: kernel_multiply, row: kernel_multiply_row, column: kernel_multiply_column, commutes: true)
      .recorded(by: a, b, keeping: .inputs) { step in
        let (g, a, b) = (step.g, step.x[0], step.x[1])
        return [step.asked[0] ? (g * b).summed(to: a.shape) : nil, step.asked[1] ? (g * a).summed(to: b.shape) : nil]
      }
  }

  package static func / (a: Tensor, b: Tensor) -> Tensor {
    if b.count == 1, !b.isWatched, a.shape.broadcast(with: b.shape) == a.shape { return a / b.scalar }
    return a.broadcast(b, same: kernel_divide)
      .recorded(by: a, b, keeping: .inputs) { step in
        let (g, a, b) = (step.g, step.x[0], step.x[1])
        return [step.asked[0] ? (g / b).summed(to: a.shape) : nil, step.asked[1] ? (-(g * a) / b.squared()).summed(to: b.shape) : nil]
      }
  }

  /// The larger of the two, scalar by scalar; where they are equal each gets half of the gradient.
  package static func maximum(_ a: Tensor, _ b: Tensor) -> Tensor {
    a.broadcast(b, same: kernel_maximum).recorded(by: a, b, keeping: .inputs) { step in
      let (g, a, b) = (step.g, step.x[0], step.x[1])
      let share = (a.detached - b.detached).sign().affine(scale: 0.5, shift: 0.5)
      return [step.asked[0] ? (g * share).summed(to: a.shape) : nil, step.asked[1] ? (g * (1 - share)).summed(to: b.shape) : nil]
    }
  }

  package static func + (a: Tensor, b: Float) -> Tensor { a.affine(scale: 1, shift: b) }
  package static func + (a: Float, b: Tensor) -> Tensor { b.affine(scale: 1, shift: a) }
  package static func - (a: Tensor, b: Float) -> Tensor { a.affine(scale: 1, shift: -b) }
  package static func - (a: Float, b: Tensor) -> Tensor { b.affine(scale: -1, shift: a) }
  // A shift of -0 leaves a product as it is, its sign included; +0 would turn -0 into +0.
  package static func * (a: Tensor, b: Float) -> Tensor { a.affine(scale: b, shift: -0.0) }
  package static func * (a: Float, b: Tensor) -> Tensor { b.affine(scale: a, shift: -0.0) }
  package static func / (a: Tensor, b: Float) -> Tensor {
    a.mapped { x, y, n in
      guard let x, let y else { return }
      for i in 0..<n { y[i] = x[i] / b }
    }.recorded(by: a) { [$0.g / b] }
  }
  package static func / (a: Float, b: Tensor) -> Tensor { a * b.reciprocal() }
  package static prefix func - (a: Tensor) -> Tensor { a.affine(scale: -1, shift: -0.0) }
}

extension Tensor {
  typealias BroadcastKernel = (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Int) -> Void

  /// a + b without history.
  fileprivate func plus(_ other: Tensor) -> Tensor {
    broadcast(other, same: kernel_add, row: kernel_add_row, column: kernel_add_column, commutes: true)
  }

  /// An element-wise operation without history; a row or a column of the other operand goes through its own kernel, anything else is stretched first.
  fileprivate func broadcast(
    _ other: Tensor, same: BinaryKernel, row: BroadcastKernel? = nil, column: BroadcastKernel? = nil, commutes: Bool = false
  ) -> Tensor {
    if shape == other.shape { return combined(with: other, same) }
    guard let result = shape.broadcast(with: other.shape) else { preconditionFailure("shapes \(shape) and \(other.shape) do not broadcast") }
    if commutes, shape != result, other.shape == result { return other.broadcast(self, same: same, row: row, column: column) }
    if shape == result {
      if let column, let inner = other.shape.innerRepeats(in: shape), inner > 1 { return stretched(other, inner: inner, kernel: column) }
      if let row, other.count > 0, let rows = other.shape.rows(in: shape) { return stretched(other, rows: rows, kernel: row) }
    }
    return detached.expanded(to: result).combined(with: other.detached.expanded(to: result), same)
  }

  /// x[rows, other] op other[row].
  private func stretched(_ other: Tensor, rows: Int, kernel: BroadcastKernel) -> Tensor {
    let width = other.count
    return Tensor(shape: shape) { y in
      withScalars { x in
        other.withScalars { r in Parallelism.performParts(rows, cost: width) { kernel(x + $0 * width, r, y + $0 * width, $1, width) } }
      }
    }
  }

  /// x[outer, other, inner] op other[column], once for every outer index.
  private func stretched(_ other: Tensor, inner: Int, kernel: BroadcastKernel) -> Tensor {
    let block = other.count * inner
    return Tensor(shape: shape) { y in
      withScalars { x in
        other.withScalars { c in for outer in 0..<count / block { kernel(x + outer * block, c, y + outer * block, other.count, inner) } }
      }
    }
  }

  /// The adjoint of broadcasting: the sum over every axis that was stretched from `shape`.
  package func summed(to target: Shape) -> Tensor {
    if shape == target { return self }
    // Where rows of a batch stay apart, their sums have one order in a batch of any size, also of one row, whose extent looks like a stretched axis.
    if shape.rank > 1, shape.rank == target.rank, shape[0] == target[0] {
      return sum(axes: (1..<shape.rank).filter { target[$0] == 1 && shape[$0] != 1 }).reshaped(target)
    }
    if target.count == 1 { return sum().reshaped(target) }
    if let rows = target.rows(in: shape) {
      let matrix = reshaped([rows, target.count])
      return matrix.columnSums().reshaped(target)
    }
    if let inner = target.innerRepeats(in: shape) {
      return reshaped([count / inner, inner]).rowSums().reshaped([count / inner / target.count, target.count]).columnSums().reshaped(target)
    }
    let padding = shape.rank - target.rank
    let stretched = (0..<shape.rank).filter { $0 < padding || (target[$0 - padding] == 1 && shape[$0] != 1) }
    return sum(axes: stretched).reshaped(target)
  }

  /// This tensor stretched to a shape that it broadcasts to.
  package func expanded(to target: Shape) -> Tensor {
    if shape == target { return self }
    precondition(shape.broadcast(with: target) == target, "\(shape) does not broadcast to \(target)")
    let padded = Shape([Int](repeating: 1, count: target.rank - shape.rank) + shape.dimensions)
    let strides = zip(padded.strides, padded.dimensions).map { $1 == 1 ? 0 : $0 }
    let source = shape
    return gathered(to: target, strides: strides).recorded(by: self) { [$0.g.summed(to: source)] }
  }
}

extension Shape {
  /// How many copies of this shape, stacked, make `whole`; nil where it is not a suffix of `whole`.
  fileprivate func rows(in whole: Shape) -> Int? {
    let own = dimensions.drop { $0 == 1 }
    guard own.elementsEqual(whole.dimensions.suffix(own.count)) else { return nil }
    return whole.dimensions.dropLast(own.count).reduce(1, *)
  }

  /// How often every scalar is repeated along the last axes of `whole`, where this shape is ones around a part of `whole`; nil where it is not.
  fileprivate func innerRepeats(in whole: Shape) -> Int? {
    guard whole.count > 0 else { return nil }
    let padded = [Int](repeating: 1, count: whole.rank - rank) + dimensions
    guard let first = padded.firstIndex(where: { $0 != 1 }), let last = padded.lastIndex(where: { $0 != 1 }) else { return whole.count }
    guard padded[first...last].elementsEqual(whole.dimensions[first...last]) else { return nil }
    return whole.dimensions[(last + 1)...].reduce(1, *)
  }
}
