internal import CKernels

// Sums have an order fixed by the shape. A reduction over the last axes of a row depends on that row alone.
extension Tensor {
  /// The sum of every scalar, as a scalar.
  package func sum() -> Tensor {
    let source = shape
    let total = Tensor(shape: [], scalars: [withScalars { kernel_sum($0, count) }])
    return total.recorded(by: self, kernel: { [.full(source, $0.g.scalar)] }) { [$0.g.expanded(to: source)] }
  }

  package func mean() -> Tensor { sum() / Float(count) }

  /// The sum over the given axes, which disappear or stay with extent 1.
  package func sum(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    let axes = Set(axes.map(shape.axis))
    let kept = (0..<shape.rank).filter { !axes.contains($0) }
    let keptShape = Shape((0..<shape.rank).map { axes.contains($0) ? 1 : shape[$0] })
    let reduced: Tensor
    if kept.isEmpty {
      reduced = sum()
    } else if kept == Array(0..<kept.count) {
      reduced = reshaped([keptShape.count, axes.reduce(1) { $0 * shape[$1] }]).rowSums()
    } else if kept == Array((shape.rank - kept.count)..<shape.rank) {
      reduced = reshaped([axes.reduce(1) { $0 * shape[$1] }, keptShape.count]).columnSums()
    } else {
      let order = kept + axes.sorted()
      reduced = transposed(order).reshaped([keptShape.count, axes.reduce(1) { $0 * shape[$1] }]).rowSums()
    }
    return reduced.reshaped(keepingDimensions ? keptShape : Shape(kept.map { shape[$0] }))
  }

  package func sum(axis: Int, keepingDimensions: Bool = false) -> Tensor { sum(axes: [axis], keepingDimensions: keepingDimensions) }

  package func mean(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    let terms = Set(axes.map(shape.axis)).reduce(1) { $0 * shape[$1] }
    return sum(axes: axes, keepingDimensions: keepingDimensions) / Float(terms)
  }

  /// [rows, columns] -> [rows].
  package func rowSums() -> Tensor {
    precondition(shape.rank == 2, "row sums of a tensor of shape \(shape)")
    let (rows, columns, source) = (shape[0], shape[1], shape)
    return Tensor(shape: [rows]) { y in
      withScalars { x in Parallelism.performParts(rows, cost: columns) { kernel_row_sums(x + $0 * columns, y + $0, $1, columns) } }
    }
    .recorded(by: self) { [$0.g.reshaped([rows, 1]).expanded(to: source)] }
  }

  /// [rows, columns] -> [columns], rows added in ascending order.
  package func columnSums() -> Tensor {
    precondition(shape.rank == 2, "column sums of a tensor of shape \(shape)")
    let (rows, columns, source) = (shape[0], shape[1], shape)
    return Tensor(shape: [columns]) { y in
      withScalars { x in Parallelism.performParts(columns, cost: rows) { kernel_column_sums(x + $0, y + $0, rows, $1, columns) } }
    }
    .recorded(by: self) { [$0.g.expanded(to: source)] }
  }

  /// The largest scalar along an axis, NaN where there is one; the gradient goes to the first of equals.
  package func max(axis: Int, keepingDimensions: Bool = false) -> Tensor {
    let axis = shape.axis(axis)
    precondition(shape[axis] > 0, "the maximum of nothing: axis \(axis) of \(shape)")
    let (outer, inner) = shape.split(at: axis)
    let extent = shape[axis]
    var positions = [Int](repeating: 0, count: outer * inner)
    withScalars { x in
      for o in 0..<outer {
        for i in 0..<inner {
          var best = o * extent * inner + i
          for e in 1..<extent {
            let candidate = (o * extent + e) * inner + i
            if x[candidate] > x[best] || x[candidate].isNaN { best = candidate }
          }
          positions[o * inner + i] = best
        }
      }
    }
    var dimensions = shape.replacing(axis, with: 1).dimensions
    if !keepingDimensions { dimensions.remove(at: axis) }
    return reshaped([count]).gather(positions).reshaped(Shape(dimensions))
  }

  /// The position of the largest scalar of every row: [rows, columns] -> rows.
  package func argmaxRows() -> [Int] {
    precondition(shape.rank == 2 && shape[1] > 0, "the largest of every row of a tensor of shape \(shape)")
    let columns = shape[1]
    return (0..<shape[0]).map { row in
      (1..<columns).reduce(0) { scalars[row * columns + $1] > scalars[row * columns + $0] ? $1 : $0 }
    }
  }

  /// Running total along the last axis.
  package func cumulativeSum() -> Tensor {
    through(LinearMap({ $0.runningTotal(fromEnd: false) }, adjoint: { $0.runningTotal(fromEnd: true) }))
  }

  private func runningTotal(fromEnd: Bool) -> Tensor {
    let (count, columns) = (count, shape[-1])
    return Tensor(shape: shape) { y in
      withScalars { x in
        for start in stride(from: 0, to: count, by: Swift.max(columns, 1)) {
          var running: Float = 0
          for step in 0..<columns {
            let i = fromEnd ? start + columns - 1 - step : start + step
            running += x[i]
            y[i] = running
          }
        }
      }
    }
  }

  /// softmax along the last axis.
  package func softmax() -> Tensor {
    let (rows, columns) = lastAxis
    let y = Tensor(shape: shape) { y in
      withScalars { x in Parallelism.performParts(rows, cost: 4 * columns) { kernel_softmax_rows(x + $0 * columns, y + $0 * columns, $1, columns) } }
    }
    return y.recorded(by: self, keeping: .result) { step in
      // dx = y (g - <g, y>)
      let (g, y) = (step.g, step.y)
      let inner = (g * y).reshaped([rows, columns]).rowSums().reshaped([rows, 1])
      let flat = (g.reshaped([rows, columns]) - inner) * y.reshaped([rows, columns])
      return [flat.reshaped(y.shape)]
    }
  }

  /// softmax along an axis.
  package func softmax(axis: Int) -> Tensor {
    let axis = shape.axis(axis)
    if axis == shape.rank - 1 { return softmax() }
    var order = Array(0..<shape.rank)
    order.swapAt(axis, shape.rank - 1)
    return transposed(order).softmax().transposed(order)
  }

  /// ln Σ eˣ along the last axis, which disappears.
  package func logSumExp() -> Tensor {
    let (rows, columns) = lastAxis
    let y = Tensor(shape: Shape(Array(shape.dimensions.dropLast()))) { y in
      withScalars { x in Parallelism.performParts(rows, cost: 4 * columns) { kernel_log_sum_exp_rows(x + $0 * columns, y + $0, $1, columns) } }
    }
    return y.recorded(by: self, keeping: .inputs) { [$0.x[0].softmax() * $0.g.reshaped($0.x[0].shape.replacing(-1, with: 1))] }
  }

  package func logSoftmax() -> Tensor { self - logSumExp().reshaped(shape.replacing(-1, with: 1)) }

  private var lastAxis: (rows: Int, columns: Int) {
    precondition(shape.rank > 0 && shape[-1] > 0, "a reduction along the last axis of a tensor of shape \(shape)")
    return (count / shape[-1], shape[-1])
  }
}
