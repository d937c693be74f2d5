/// A rectangular array of numbers with its shape, row-major; NaN stands for a missing entry.
package struct NumberArray: Hashable, Sendable {
  package let shape: [Int]
  package let scalars: [Float]

  package init(shape: [Int], scalars: [Float]) {
    precondition(shape.reduce(1, *) == scalars.count, "\(scalars.count) scalars for shape \(shape)")
    self.shape = shape
    self.scalars = scalars
  }

  /// Entry `index` along the first axis: a smaller array, or for a vector a single number.
  subscript(index: Int) -> JSONValue {
    guard shape.count > 1 else {
      let scalar = scalars[index]
      return scalar.isNaN ? .null : .number(Double(scalar))
    }
    let inner = Array(shape.dropFirst())
    let stride = inner.reduce(1, *)
    return .numbers(NumberArray(shape: inner, scalars: Array(scalars[index * stride..<(index + 1) * stride])))
  }
}
