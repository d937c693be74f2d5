/// The check that every parameter of a model passes before it becomes a frequency.
enum Parameters {
  /// - Returns: `values` if all are finite and allowed.
  static func checked(
    _ values: [Float], _ field: String, expected: String = "a finite number", where isAllowed: (Float) -> Bool = { _ in true }
  ) throws(CodingError) -> [Float] {
    for (index, value) in values.enumerated() where !value.isFinite || !isAllowed(value) {
      throw CodingError(.parameter, "\(field)[\(index)]", given: "\(value)", expected: expected)
    }
    return values
  }

  static func positive(_ values: [Float], _ field: String) throws(CodingError) -> [Float] {
    try checked(values, field, expected: "a finite number above 0") { $0 > 0 }
  }

  static func count(_ count: Int) throws(CodingError) -> Int {
    guard count >= 0 else { throw CodingError(.parameter, "count", given: "\(count)", expected: "at least 0") }
    return count
  }

  static func checked(_ count: Int, of field: String, beside other: Int) throws(CodingError) {
    guard count == other else { throw CodingError(.parameter, field, given: "\(count)", expected: "\(other), as many as of the other parameter") }
  }
}
