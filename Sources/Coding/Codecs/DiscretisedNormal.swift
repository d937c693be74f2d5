/// The place of a number on a grid, where the number, or its logarithm, has a normal distribution that is cut off at both ends of the grid.
///
/// A long grid is cut into parts, and the part with the number in it again, until one number is left: every cut has the slots that it needs, whether
/// the distribution is a needle among 2^53 numbers or a plain. What lies beyond twelve deviations, or is too narrow to be told apart, is uniform.
package struct DiscretisedNormal: Codec {
  package let grid: Grid
  package let mean: Double
  package let deviation: Double

  static let precision = 26
  /// The most parts of a cut: their slots are 1/4096 of all.
  private static let partBits = 14

  /// - Parameters:
  ///   - mean: in the grid's units, as is
  ///   - deviation: above 0.
  package init(grid: Grid, mean: Double, deviation: Double) throws(CodingError) {
    guard mean.isFinite else { throw CodingError(.parameter, "mean", given: "\(mean)", expected: "a finite number") }
    guard deviation.isFinite, deviation > 0 else {
      throw CodingError(.parameter, "deviation", given: "\(deviation)", expected: "a finite number above 0")
    }
    (self.grid, self.mean, self.deviation) = (grid, mean, deviation)
  }

  package func push(_ place: Int, onto message: inout Message) throws(CodingError) {
    guard place >= 0, place < grid.count else { throw outside(place, at: 0, of: grid.count) }
    var intervals: [Interval] = []
    var numbers = 0..<grid.count
    while numbers.count > 1 {
      let cut = Cut(numbers, of: self)
      let part = (place - numbers.lowerBound) >> cut.shift
      intervals.append(Interval(cut.start(part), upTo: cut.start(part + 1)))
      numbers = cut.numbers(of: part)
    }
    for interval in intervals.reversed() { try message.push(1, precision: { _ in Self.precision }) { _ throws(CodingError) in interval } }
  }

  package func pop(from message: inout Message) throws(CodingError) -> Int {
    var numbers = 0..<grid.count
    while numbers.count > 1 {
      let cut = Cut(numbers, of: self)
      var part = 0
      try message.pop(1, precision: { _ in Self.precision }) { _, slot in
        let interval: Interval
        (part, interval) = bin(holding: slot, of: cut.parts, precision: Self.precision, near: cut.guess(slot)) { cut.start($0) }
        return interval
      }
      numbers = cut.numbers(of: part)
    }
    return numbers.lowerBound
  }
}

// MARK: - The grid

extension DiscretisedNormal {
  /// The numbers first, first + step, and so on, `count` of them.
  package struct Grid: Sendable, Equatable {
    /// So many steps can be counted in doubles.
    package static let mostNumbers = 1 << 53

    package let first: Double
    package let step: Double
    package let count: Int
    package let units: NumberUnits

    package init(first: Double, step: Double, count: Int, units: NumberUnits = .plain) throws(CodingError) {
      guard (1...Self.mostNumbers).contains(count), first.isFinite, step.isFinite, step > 0 else {
        throw CodingError(.parameter, "grid", given: "\(count) numbers from \(first) in steps of \(step)", expected: "1 to 2^53, in steps above 0")
      }
      guard units.contains(first) else { throw CodingError(.parameter, "grid", given: "\(first)", expected: "numbers that \(units.form) has") }
      (self.first, self.step, self.count, self.units) = (first, step, count, units)
    }

    /// The middle between number k - 1 and number k, in units; of logarithms the first is never asked for.
    func edge(_ k: Int) -> Double { k > 0 || units.form == .linear ? units.value(of: first + (Double(k) - 0.5) * step) : -.infinity }

    /// About where a number in units lies; for guesses.
    func place(_ number: Double) -> Double { (units.number(of: number) - first) / step + 0.5 }
  }
}

// MARK: - A cut

extension DiscretisedNormal {
  /// Some numbers of the grid in parts of 2^shift each, of which the last may have fewer.
  private struct Cut {
    let numbers: Range<Int>
    let shift: Int
    let parts: Int
    private let codec: DiscretisedNormal
    /// Whether all lies in the upper tail, which is then looked at from its own end: 1 - cdf is exact where the cdf is nearly 1.
    private let isUpper: Bool
    private let below: Double
    /// Of all parts; nil where they are equally likely.
    private let mass: Double?

    private static let narrowest = 0x1p-20
    /// Logarithms nearer to each other may be in the wrong order.
    private static let narrowestLogarithm = 0x1p-40

    init(_ numbers: Range<Int>, of codec: DiscretisedNormal) {
      let bits = Int.bitWidth - (numbers.count - 1).leadingZeroBitCount
      shift = max(0, bits - DiscretisedNormal.partBits)
      parts = (numbers.count - 1) >> shift + 1
      (self.numbers, self.codec) = (numbers, codec)
      let grid = codec.grid
      func z(_ k: Int) -> Double { (grid.edge(k) - codec.mean) / codec.deviation }
      let (low, high) = (z(numbers.lowerBound), z(numbers.upperBound))
      isUpper = low + high > 0
      below = Self.cdf(low, isUpper)
      // The last part that is as wide as all others.
      let last = numbers.lowerBound + (parts - 1) << shift
      let width = z(last) - z(last - 1 << shift)
      let isTold = width >= Self.narrowest && (grid.units.form == .linear || width * codec.deviation * grid.units.scale >= Self.narrowestLogarithm)
      let sum = Self.cdf(high, isUpper) - below
      mass = isTold && sum > 0 ? sum : nil
    }

    private static func cdf(_ z: Double, _ isUpper: Bool) -> Double { isUpper ? -Normal.cdf(-z) : Normal.cdf(z) }

    func numbers(of part: Int) -> Range<Int> {
      let first = numbers.lowerBound + part << shift
      return first..<min(first + 1 << shift, numbers.upperBound)
    }

    /// One slot for each part before, and the share of the others that their mass has.
    func start(_ part: Int) -> UInt32 {
      guard part > 0 else { return 0 }
      guard part < parts else { return 1 << UInt32(DiscretisedNormal.precision) }
      let others = Double(1 << DiscretisedNormal.precision - parts)
      guard let mass else { return UInt32(part) + UInt32(Double(part) / Double(parts) * others + 0.5) }
      let z = (codec.grid.edge(numbers.lowerBound + part << shift) - codec.mean) / codec.deviation
      let share = min(max((Self.cdf(z, isUpper) - below) / mass, 0), 1)
      return UInt32(part) + UInt32(share * others + 0.5)
    }

    /// The part of the quantile.
    func guess(_ slot: UInt32) -> Int {
      let share = (Double(slot) + 0.5) / Double(1 << DiscretisedNormal.precision)
      guard let mass else { return Int(share * Double(parts)) }
      let p = below + share * mass
      guard isUpper ? p > -1 && p < 0 : p > 0 && p < 1 else { return parts / 2 }
      let z = isUpper ? -Normal.quantile(-p) : Normal.quantile(p)
      let place = (codec.grid.place(codec.mean + codec.deviation * z) - Double(numbers.lowerBound)) / Double(1 << shift)
      return place > 0 ? Int(min(place, Double(parts - 1))) : 0
    }
  }
}
