/// A codec of independent symbols whose distributions are made weight by weight, as they are needed.
protocol WeightedCodec: Codec where Symbol == [Int] {
  var count: Int { get }
  var alphabet: Int { get }
  var precision: Int { get }

  /// Writes the weight of every symbol that may stand at eight places or, at the end, fewer: not negative, finite, the largest of a place at least 1.
  /// Lanes without a place have any such weights.
  func weigh(_ places: Range<Int>, _ weights: UnsafeMutableBufferPointer<SIMD8<Double>>)
}

extension WeightedCodec {
  package func push(_ symbols: [Int], onto message: inout Message) throws(CodingError) {
    let symbols = try checked(symbols, count: count)
    var (cumulative, group) = (try Cumulative(symbols: alphabet, precision: precision), -1)
    try message.push(count, precision: { _ in precision }) { i throws(CodingError) in
      guard symbols[i] >= 0, symbols[i] < alphabet else { throw outside(symbols[i], at: i, of: alphabet) }
      weigh(i, &cumulative, &group)
      return cumulative.interval(of: symbols[i], lane: i % Cumulative.lanes)
    }
  }

  package func pop(from message: inout Message) throws(CodingError) -> [Int] {
    var symbols = [Int](repeating: 0, count: count)
    var (cumulative, group) = (try Cumulative(symbols: alphabet, precision: precision), -1)
    try message.pop(count, precision: { _ in precision }) { i, slot in
      weigh(i, &cumulative, &group)
      let interval: Interval
      (symbols[i], interval) = cumulative.symbol(holding: slot, lane: i % Cumulative.lanes)
      return interval
    }
    return symbols
  }

  /// Sees to it that `cumulative` is of the group of a place.
  private func weigh(_ place: Int, _ cumulative: inout Cumulative, _ group: inout Int) {
    guard place / Cumulative.lanes != group else { return }
    group = place / Cumulative.lanes
    let first = group * Cumulative.lanes
    cumulative.set { weigh(first..<min(first + Cumulative.lanes, count), $0) }
  }
}
