/// How finely probabilities are told apart: frequencies are out of 2^precision.
///
/// At 28 bits a head of 2^31 has but three bits more, and codes begin to be longer than they need be.
enum Precision {
  static let range = 1...28

  static func checked(_ precision: Int) throws(CodingError) -> Int {
    guard range.contains(precision) else {
      throw CodingError(.parameter, "precision", given: "\(precision)", expected: "\(range.lowerBound) to \(range.upperBound) bits")
    }
    return precision
  }

  /// At least one slot for each symbol.
  static func checked(_ precision: Int, symbols: Int) throws(CodingError) -> Int {
    guard symbols >= 1, symbols <= 1 << (try checked(precision)) else {
      throw CodingError(.parameter, "symbols", given: "\(symbols)", expected: "1 to 2^\(precision), as the precision is \(precision) bits")
    }
    return precision
  }
}
