/// The decimal grid of some numbers: (first + k step) 10^exponent, k = 0 ..< count.
package struct NumberGrid: Sendable, Equatable {
  package let exponent: Int
  package let first: Int
  package let step: Int
  package let count: Int

  /// Whole numbers that doubles tell apart.
  static let largest = 1 << 53
  /// Steps that are normal numbers.
  static let exponents = -300...300

  /// - Returns: nil for what is no grid of doubles.
  init?(exponent: Int, first: Int, step: Int, last: Int) {
    guard Self.exponents.contains(exponent), first.magnitude <= Self.largest, step >= 1, last >= 0 else { return nil }
    let (length, overflows) = last.multipliedReportingOverflow(by: step)
    guard !overflows, last < Self.largest, length <= 2 * Self.largest, first + length <= Self.largest else { return nil }
    (self.exponent, self.first, self.step, count) = (exponent, first, step, last + 1)
    guard value(last).isFinite, value(0).isFinite else { return nil }
  }

  /// Why numbers have no grid: the place of the one at fault, and what it would take.
  package struct Absence: Error {
    package let place: Int
    package let expected: String
  }

  /// The coarsest grid that has all the numbers; nil of none.
  package init?(of values: [Double]) throws(Absence) {
    guard !values.isEmpty else { return nil }
    var decimals: [Decimal] = []
    decimals.reserveCapacity(values.count)
    for (place, value) in values.enumerated() {
      guard let decimal = Decimal(value) else {
        throw Absence(place: place, expected: "a finite number of at most 15 digits, as the grid is decimal")
      }
      decimals.append(decimal)
    }
    let exponent = decimals.filter { $0.digits != 0 }.map(\.exponent).min() ?? 0
    var steps: [Int] = []
    steps.reserveCapacity(values.count)
    for (place, decimal) in decimals.enumerated() {
      guard let count = decimal.digits(at: exponent) else {
        throw Absence(place: place, expected: "at most 2^53 steps of 1e\(exponent), which other cells of the column need")
      }
      steps.append(count)
    }
    let (low, high) = (steps.min() ?? 0, steps.max() ?? 0)
    let step = steps.reduce(0) { Self.greatestDivisor($0, $1 - low) }
    guard high - low < Self.largest, let grid = NumberGrid(exponent: exponent, first: low, step: max(step, 1), last: (high - low) / max(step, 1))
    else {
      throw Absence(
        place: steps.firstIndex(of: high) ?? 0, expected: "within 2^53 steps of 1e\(exponent) from the least number of the column, 1e-300 at least")
    }
    self = grid
  }

  package func value(_ k: Int) -> Double { Self.value(first + k * step, exponent) }

  /// Where a number of the grid is.
  package func place(of value: Double) -> Int? {
    guard let digits = Decimal(value)?.digits(at: exponent), digits >= first else { return nil }
    let (place, rest) = (digits - first).quotientAndRemainder(dividingBy: step)
    return rest == 0 && place < count ? place : nil
  }

  /// The double nearest to digits · 10^exponent: that of the shortest decimal text.
  private static func value(_ digits: Int, _ exponent: Int) -> Double {
    if exponent.magnitude <= 22, digits.magnitude <= largest {
      // Both are exact, so that one operation rounds once.
      return exponent < 0 ? Double(digits) / power(-exponent) : Double(digits) * power(exponent)
    }
    return Double("\(digits)e\(exponent)") ?? .nan
  }

  /// 10^exponent to within a rounding, for steps.
  var unit: Double { Self.value(1, exponent) }

  /// 10^0 ... 10^22, which doubles have.
  private static func power(_ exponent: Int) -> Double {
    var power = 1.0
    for _ in 0..<exponent { power *= 10 }
    return power
  }

  private static func greatestDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return abs(a)
  }
}

extension NumberGrid {
  /// The shortest decimal number that rounds to a double: digits · 10^exponent, the last digit not 0.
  private struct Decimal {
    let digits: Int
    let exponent: Int

    /// - Returns: nil for one with more digits than 2^53 has, or that is not finite.
    init?(_ value: Double) {
      guard value.isFinite else { return nil }
      var (digits, exponent, point, isNegative, zeros) = (0, 0, false, false, 0)
      var rest = value.description.utf8[...]
      while let byte = rest.popFirst() {
        switch byte {
        case UInt8(ascii: "-"): isNegative = true
        case UInt8(ascii: "."): point = true
        case UInt8(ascii: "e"):
          guard let power = Int(Substring(rest)) else { return nil }
          exponent += power
          rest = rest.suffix(0)
        default:
          if point { exponent -= 1 }
          guard byte != UInt8(ascii: "0") else {
            zeros += 1
            continue
          }
          for _ in 0...zeros { digits = digits < NumberGrid.largest ? digits * 10 : digits }
          digits += Int(byte - UInt8(ascii: "0"))
          zeros = 0
          guard digits <= NumberGrid.largest else { return nil }
        }
      }
      self.digits = isNegative ? -digits : digits
      self.exponent = digits == 0 ? 0 : exponent + zeros
    }

    /// The same number in units of 10^exponent; nil where that is no whole number of at most 2^53.
    func digits(at exponent: Int) -> Int? {
      guard digits != 0 else { return 0 }
      guard self.exponent >= exponent, self.exponent - exponent <= 16 else { return nil }
      var digits = digits
      for _ in exponent..<self.exponent {
        digits *= 10
        guard digits.magnitude <= NumberGrid.largest else { return nil }
      }
      return digits
    }
  }
}
