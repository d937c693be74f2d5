/// One of some listed numbers, under a normal distribution of the number or of its logarithm.
///
/// A number is as likely as the normal density there, times how much oftener it occurs than its neighbourhood would have it: of a column with 9.4,
/// 9.5 and a few 9.45, the density knows the neighbourhood and the list the rest.
package struct ListedNormal: Codec {
  package let list: List
  package let mean: Double
  package let deviation: Double

  static let precision = 26

  /// - Parameters:
  ///   - mean: in the list's units, as is
  ///   - deviation: above 0.
  package init(list: List, mean: Double, deviation: Double) throws(CodingError) {
    guard mean.isFinite else { throw CodingError(.parameter, "mean", given: "\(mean)", expected: "a finite number") }
    guard deviation.isFinite, deviation > 0 else {
      throw CodingError(.parameter, "deviation", given: "\(deviation)", expected: "a finite number above 0")
    }
    (self.list, self.mean, self.deviation) = (list, mean, deviation)
  }

  package func push(_ place: Int, onto message: inout Message) throws(CodingError) {
    guard place >= 0, place < list.count else { throw outside(place, at: 0, of: list.count) }
    let starts = starts()
    try message.push(1, precision: { _ in Self.precision }) { _ throws(CodingError) in Interval(starts(place), upTo: starts(place + 1)) }
  }

  package func pop(from message: inout Message) throws(CodingError) -> Int {
    let starts = starts()
    var place = 0
    try message.pop(1, precision: { _ in Self.precision }) { _, slot in
      let interval: Interval
      (place, interval) = bin(holding: slot, of: list.count, precision: Self.precision, near: list.count / 2, cdf: starts)
      return interval
    }
    return place
  }

  /// The integer cdf: one slot for each number before, and the others by weight.
  private func starts() -> (Int) -> UInt32 {
    // Halves of squared distances in deviations, from the least of them: one weight is that of its number alone.
    let halves = list.values.map { value in
      let z = (value - mean) / deviation
      return min(0.5 * z * z, 1e300)
    }
    let least = halves.min() ?? 0
    var sum = 0.0
    let sums = zip(halves, list.weights).map { half, weight in
      defer { sum += weight * Exponential.exp(least - half) }
      return sum
    }
    let others = Double(1 << Self.precision - list.count)
    let scale = others / sum
    return { place in
      place < sums.count ? UInt32(place) + UInt32(min(sums[place] * scale, others)) : 1 << UInt32(Self.precision)
    }
  }
}

extension ListedNormal {
  /// Numbers that rise, and how much oftener each occurs than its neighbourhood would have it.
  package struct List: Sendable, Equatable {
    /// The neighbourhood is looked at for each.
    package static let longest = 2048

    /// In units.
    let values: [Double]
    let weights: [Double]
    package var count: Int { values.count }

    /// How far a neighbourhood reaches, in deviations of all.
    private static let reach = 0.3

    /// - Parameters:
    ///   - numbers: that rise.
    ///   - counts: how often each occurs, at least once.
    package init(_ numbers: [Double], counts: [Int], units: NumberUnits) throws(CodingError) {
      guard (1...Self.longest).contains(numbers.count), numbers.count == counts.count else {
        throw CodingError(
          .parameter, "numbers", given: "\(numbers.count) of \(counts.count) counts", expected: "1 to \(Self.longest), as many as counts")
      }
      guard zip(numbers, numbers.dropFirst()).allSatisfy(<), numbers.allSatisfy(units.contains) else {
        throw CodingError(.parameter, "numbers", given: "numbers that fall or that \(units.form) hasn't", expected: "numbers that rise")
      }
      guard counts.allSatisfy({ (1...1 << 32).contains($0) }) else {
        throw CodingError(.parameter, "counts", given: "\(counts.min() ?? 0) to \(counts.max() ?? 0)", expected: "1 to 2^32")
      }
      let values = numbers.map(units.value)
      var (total, sum) = (0.0, 0.0)
      for (value, count) in zip(values, counts) {
        total += Double(count)
        sum += value * Double(count)
      }
      var squares = 0.0
      for (value, count) in zip(values, counts) { squares += (value - sum / total) * (value - sum / total) * Double(count) }
      let width = Self.reach * (squares / total).squareRoot()
      self.values = values
      guard width > 0, width.isFinite else {
        weights = counts.map(Double.init)
        return
      }
      weights = values.indices.map { place in
        var neighbours = 0.0
        for (value, count) in zip(values, counts) {
          let z = (value - values[place]) / width
          neighbours += Double(count) * Exponential.exp(-0.5 * z * z)
        }
        return Double(counts[place]) / neighbours
      }
    }
  }
}
