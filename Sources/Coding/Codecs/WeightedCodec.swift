/// A codec of independent symbols whose distributions are made weight by weight, as they are needed.
protocol WeightedCodec: Codec where Symbol == [Int] {
  var count: Int { get }
  var alphabet: Int { get }
  var precision: Int { get }

  /// Writes the weight of every symbol that may stand at a place: at least 0 and finite, and the largest at least 1.
  func weigh(_ index: Int, _ weights: UnsafeMutableBufferPointer<Double>)
}

extension WeightedCodec {
  package func push(_ symbols: [Int], onto message: inout Message) throws(CodingError) {
    let symbols = try checked(symbols, count: count)
    var cumulative = try Cumulative(symbols: alphabet, precision: precision)
    try message.push(count, precision: { _ in precision }) { i throws(CodingError) in
      guard symbols[i] >= 0, symbols[i] < alphabet else { throw outside(symbols[i], at: i, of: alphabet) }
      cumulative.set { weigh(i, $0) }
      return cumulative.interval(of: symbols[i])
    }
  }

  package func pop(from message: inout Message) throws(CodingError) -> [Int] {
    var symbols = [Int](repeating: 0, count: count)
    var cumulative = try Cumulative(symbols: alphabet, precision: precision)
    try message.pop(count, precision: { _ in precision }) { i, slot in
      cumulative.set { weigh(i, $0) }
      let interval: Interval
      (symbols[i], interval) = cumulative.symbol(holding: slot)
      return interval
    }
    return symbols
  }
}
