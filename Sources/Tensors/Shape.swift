/// The extents of a tensor's axes, outermost first; `[]` is a scalar.
package struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  package let dimensions: [Int]

  package init(_ dimensions: [Int]) {
    precondition(dimensions.allSatisfy { $0 >= 0 }, "an extent is never negative: \(dimensions)")
    self.dimensions = dimensions
  }

  package init(arrayLiteral elements: Int...) { self.init(elements) }

  /// The number of scalars.
  package var count: Int { dimensions.reduce(1, *) }
  /// The number of scalars, or `Int.max` where that is not enough.
  package var clampedCount: Int {
    if dimensions.contains(0) { return 0 }
    return dimensions.reduce(1) { count, extent in
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      return overflow ? .max : product
    }
  }
  package var rank: Int { dimensions.count }

  /// The extent of an axis; a negative axis counts from the end.
  package subscript(axis: Int) -> Int { dimensions[axis < 0 ? axis + rank : axis] }

  package var description: String { dimensions.description }

  /// The axis as a non-negative number.
  func axis(_ axis: Int) -> Int {
    let resolved = axis < 0 ? axis + rank : axis
    precondition(resolved >= 0 && resolved < rank, "axis \(axis) of a tensor of shape \(self)")
    return resolved
  }

  /// This shape with one axis resized.
  package func replacing(_ axis: Int, with extent: Int) -> Shape {
    var resized = dimensions
    resized[self.axis(axis)] = extent
    return Shape(resized)
  }

  /// Row-major distances between neighbours along every axis.
  var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * dimensions[axis + 1] }
    return strides
  }

  /// The shape that two operands share after NumPy's broadcasting, or nil where they do not fit.
  package func broadcast(with other: Shape) -> Shape? {
    let rank = max(rank, other.rank)
    var result = [Int](repeating: 1, count: rank)
    for axis in 0..<rank {
      let a = axis < rank - self.rank ? 1 : dimensions[axis - (rank - self.rank)]
      let b = axis < rank - other.rank ? 1 : other.dimensions[axis - (rank - other.rank)]
      guard a == b || a == 1 || b == 1 else { return nil }
      result[axis] = a == 1 ? b : a
    }
    return Shape(result)
  }
}
