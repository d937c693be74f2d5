internal import CKernels

// Reshaping, permuting, cutting and joining. Each adjoint is the inverse movement of the same numbers.
extension Tensor {
  /// The same scalars under another shape.
  package func reshaped(_ dimensions: Shape) -> Tensor {
    if dimensions == shape { return self }
    precondition(dimensions.count == count, "a shape of \(dimensions) for \(count) scalars")
    let source = shape
    return Tensor(shape: dimensions, scalars: scalars, origin: nil).recorded(by: self) { [$0.g.reshaped(source)] }
  }

  /// Everything after the first axis as one: [n, ...] -> [n, product].
  package func flattened() -> Tensor { reshaped([shape[0], shape[0] == 0 ? Shape(Array(shape.dimensions.dropFirst())).count : count / shape[0]]) }

  /// The tensor with its axes in another order; without an order, the last two change places.
  package func transposed(_ order: [Int]? = nil) -> Tensor {
    var axes = Array(0..<shape.rank)
    if let order { axes = order } else { axes.swapAt(shape.rank - 1, shape.rank - 2) }
    precondition(axes.sorted() == Array(0..<shape.rank), "\(axes) is no order of the axes of \(shape)")
    let strides = shape.strides
    let inverse = axes.indices.map { axes.firstIndex(of: $0) ?? 0 }
    return gathered(to: Shape(axes.map { shape.dimensions[$0] }), strides: axes.map { strides[$0] })
      .recorded(by: self) { [$0.g.transposed(inverse)] }
  }

  /// The scalars read with the given strides, without history; the base of transposition and stretching.
  func gathered(to target: Shape, strides: [Int]) -> Tensor {
    guard target.count > 0 else { return Tensor(shape: target, scalars: []) }
    guard target.rank > 0 else { return Tensor(shape: target, scalars: [scalars[0]]) }
    // The last two axes go as a block, the others count up like an odometer.
    let (rows, columns) = (target.rank > 1 ? target[-2] : 1, target[-1])
    let (rowStride, columnStride) = (target.rank > 1 ? strides[target.rank - 2] : 0, strides[target.rank - 1])
    return Tensor(shape: target) { y in
      withScalars { x in
        var index = [Int](repeating: 0, count: Swift.max(target.rank - 2, 0))
        var offset = 0
        for block in 0..<target.count / (rows * columns) {
          copyBlock(x + offset, rowStride, columnStride, into: y + block * rows * columns, rows: rows, columns: columns)
          for axis in stride(from: target.rank - 3, through: 0, by: -1) {
            index[axis] += 1
            offset += strides[axis]
            if index[axis] < target.dimensions[axis] { break }
            offset -= strides[axis] * target.dimensions[axis]
            index[axis] = 0
          }
        }
      }
    }
  }

  /// The part of the tensor whose index along one axis lies in the range.
  package func slice(_ axis: Int, _ range: Range<Int>) -> Tensor {
    let axis = shape.axis(axis)
    precondition(range.lowerBound >= 0 && range.upperBound <= shape[axis], "\(range) of axis \(axis) of a tensor of shape \(shape)")
    if range == 0..<shape[axis] { return self }
    let (outer, inner) = shape.split(at: axis)
    let (extent, source, target) = (shape[axis], shape, shape.replacing(axis, with: range.count))
    return through(
      LinearMap { x in
        Tensor(shape: target) { y in
          x.withScalars { x in
            for o in 0..<outer {
              (y + o * range.count * inner).update(from: x + (o * extent + range.lowerBound) * inner, count: range.count * inner)
            }
          }
        }
      } adjoint: { g in
        Tensor(shape: source) { d in
          d.update(repeating: 0, count: source.count)
          g.withScalars { g in
            for o in 0..<outer {
              (d + (o * extent + range.lowerBound) * inner).update(from: g + o * range.count * inner, count: range.count * inner)
            }
          }
        }
      })
  }

  /// Equal parts along one axis.
  package func split(_ axis: Int, into parts: Int) -> [Tensor] {
    let extent = shape[axis]
    precondition(parts > 0 && extent % parts == 0, "\(parts) equal parts of axis \(axis) of a tensor of shape \(shape)")
    let size = extent / parts
    return (0..<parts).map { slice(axis, $0 * size..<($0 + 1) * size) }
  }

  /// The tensors one after the other along an axis; their other extents agree.
  package static func concatenated(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    guard let first = tensors.first else { preconditionFailure("nothing to join") }
    if tensors.count == 1 { return first }
    let axis = first.shape.axis(axis)
    let extents = tensors.map { $0.shape[axis] }
    let shape = first.shape.replacing(axis, with: extents.reduce(0, +))
    for tensor in tensors {
      precondition(
        tensor.shape.rank == shape.rank && tensor.shape.replacing(axis, with: shape[axis]) == shape, "\(tensor.shape) joins \(first.shape)")
    }
    let (outer, inner) = shape.split(at: axis)
    let joined = Tensor(shape: shape) { y in
      var offset = 0
      for (tensor, extent) in zip(tensors, extents) {
        tensor.withScalars { x in
          for o in 0..<outer { (y + (o * shape[axis] + offset) * inner).update(from: x + o * extent * inner, count: extent * inner) }
        }
        offset += extent
      }
    }
    return joined.recorded(by: tensors) { step in
      var offset = 0
      return extents.map { extent in
        defer { offset += extent }
        return step.g.slice(axis, offset..<offset + extent)
      }
    }
  }

  /// Zero with probability `rate`, else 1 / (1 - rate) times the number, on average the same; what falls out of a row depends on its key alone.
  package func dropped(rate: Float, _ keys: RowKeys) -> Tensor {
    precondition(rate >= 0 && rate < 1 && keys.count == shape[0], "dropout at \(rate) of \(shape) beside \(keys.count) rows of keys")
    let width = shape[0] == 0 ? 0 : count / shape[0]
    let mask = keys.uniform(width)
    return self * Tensor(shape: shape, scalars: mask.scalars.map { $0 < rate ? 0 : 1 / (1 - rate) })
  }

  /// The rows named by `indices`, in that order: [n, ...] -> [indices, ...]. The adjoint adds a row's gradients in that order too.
  package func gather(_ indices: [Int]) -> Tensor {
    let source = shape
    let width = shape[0] == 0 ? 0 : count / shape[0]
    precondition(indices.allSatisfy { $0 >= 0 && $0 < source[0] }, "a row outside 0..<\(source[0])")
    let target = shape.replacing(0, with: indices.count)
    return through(
      LinearMap { x in
        Tensor(shape: target) { y in
          x.withScalars { x in for (row, index) in indices.enumerated() { (y + row * width).update(from: x + index * width, count: width) } }
        }
      } adjoint: { g in
        Tensor(shape: source) { d in
          d.update(repeating: 0, count: source.count)
          g.withScalars { g in
            for (row, index) in indices.enumerated() { kernel_accumulate(g + row * width, 1, d + index * width, width) }
          }
        }
      })
  }
}

/// y[rows, columns] = x[row · rowStride + column · columnStride], in tiles where columns are far apart, so that every cache line is read once.
private func copyBlock(
  _ x: UnsafePointer<Float>, _ rowStride: Int, _ columnStride: Int, into y: UnsafeMutablePointer<Float>, rows: Int, columns: Int
) {
  if columnStride == 1 {
    for row in 0..<rows { (y + row * columns).update(from: x + row * rowStride, count: columns) }
    return
  }
  let tile = 16
  for top in stride(from: 0, to: rows, by: tile) {
    for left in stride(from: 0, to: columns, by: tile) {
      for row in top..<min(top + tile, rows) {
        for column in left..<min(left + tile, columns) { y[row * columns + column] = x[row * rowStride + column * columnStride] }
      }
    }
  }
}

extension Shape {
  /// The extents before and after an axis, each multiplied together.
  func split(at axis: Int) -> (outer: Int, inner: Int) {
    (dimensions[..<axis].reduce(1, *), dimensions[(axis + 1)...].reduce(1, *))
  }
}
