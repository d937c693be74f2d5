/// Texts of bytes, of which nothing is known beforehand: each byte by how often it followed the same context before.
package struct AdaptiveText: Codec {
  /// What the next byte is likely to depend on.
  package enum Context: Int, CaseIterable, Sendable {
    /// The byte before it, as in words.
    case before
    /// The byte in its place in the text before, as in numbers that rise.
    case above
  }

  /// Of all texts together: a message of a few bytes could stand for gigabytes.
  package static let mostBytes = 1 << 26

  package let count: Int
  package let context: Context

  /// - Parameter count: of the texts.
  package init(count: Int, by context: Context) throws(CodingError) {
    self.count = try Parameters.count(count)
    self.context = context
  }

  /// The context under which some texts are shortest.
  package static func context(of texts: [[UInt8]]) -> Context {
    Context.allCases.min { length(intervals(of: texts, by: $0)) < length(intervals(of: texts, by: $1)) } ?? .before
  }

  package func push(_ texts: [[UInt8]], onto message: inout Message) throws(CodingError) {
    try Self.check(texts.reduce(0) { $0 + $1.count })
    for interval in Self.intervals(of: try checked(texts, count: count), by: context).reversed() {
      try message.push(1, precision: { _ in Counts.precision }) { _ throws(CodingError) in interval }
    }
  }

  package func pop(from message: inout Message) throws(CodingError) -> [[UInt8]] {
    var (counts, texts, text, bytes): (Counts, [[UInt8]], [UInt8], Int) = (Counts(), [], [], 0)
    while texts.count < count {
      let row = Self.row(context, text, above: texts.last)
      var symbol = 0
      try message.pop(1, precision: { _ in Counts.precision }) { _, slot in
        let interval: Interval
        (symbol, interval) = counts.symbol(holding: slot, row)
        return interval
      }
      counts.add(symbol, row)
      if symbol == Counts.end {
        texts.append(text)
        text = []
      } else {
        text.append(UInt8(symbol))
        bytes += 1
        try Self.check(bytes)
      }
    }
    return texts
  }

  private static func check(_ bytes: Int) throws(CodingError) {
    guard bytes <= mostBytes else {
      throw CodingError(.tooLarge, "texts", given: "\(bytes) bytes or more", expected: "at most \(mostBytes) in a chunk's column: smaller chunks")
    }
  }

  private static func row(_ context: Context, _ text: [UInt8], above: [UInt8]?) -> Int {
    switch context {
    case .before: text.last.map(Int.init) ?? Counts.end
    case .above: above.flatMap { text.count < $0.count ? Int($0[text.count]) : nil } ?? Counts.end
    }
  }

  private static func intervals(of texts: [[UInt8]], by context: Context) -> [Interval] {
    var (counts, intervals): (Counts, [Interval]) = (Counts(), [])
    for (place, text) in texts.enumerated() {
      let above = place > 0 ? texts[place - 1] : nil
      var read: [UInt8] = []
      for symbol in text.map(Int.init) + [Counts.end] {
        let row = row(context, read, above: above)
        intervals.append(counts.interval(of: symbol, row))
        counts.add(symbol, row)
        if symbol < Counts.end { read.append(UInt8(symbol)) }
      }
    }
    return intervals
  }

  private static func length(_ intervals: [Interval]) -> Double { intervals.reduce(0) { $0 - Exponential.log(Double($1.frequency)) } }
}

/// How often every byte, and the end of a text, came in every context.
private struct Counts {
  static let precision = 16
  /// The symbol behind the bytes; as a context, that there is none.
  static let end = 256
  private static let symbols = 257
  private static let gain: UInt32 = 32

  private var counts = [UInt32](repeating: 1, count: symbols * symbols)
  private var totals = [UInt32](repeating: UInt32(symbols), count: symbols)

  func interval(of symbol: Int, _ row: Int) -> Interval {
    let first = row * Self.symbols
    var sum: UInt32 = 0
    for place in first..<first + symbol { sum += counts[place] }
    return interval(sum, counts[first + symbol], row)
  }

  func symbol(holding slot: UInt32, _ row: Int) -> (Int, Interval) {
    // The last count with its start at the slot or before.
    let count = UInt32(((UInt64(slot) + 1) * UInt64(totals[row]) - 1) >> UInt64(Self.precision))
    let first = row * Self.symbols
    var (symbol, sum) = (0, 0 as UInt32)
    while sum + counts[first + symbol] <= count {
      sum += counts[first + symbol]
      symbol += 1
    }
    return (symbol, interval(sum, counts[first + symbol], row))
  }

  private func interval(_ sum: UInt32, _ count: UInt32, _ row: Int) -> Interval {
    func start(_ sum: UInt32) -> UInt32 { UInt32(UInt64(sum) << UInt64(Self.precision) / UInt64(totals[row])) }
    return Interval(start(sum), upTo: start(sum + count))
  }

  /// Old counts are halved where there is no slot for each any more: what came lately counts more.
  mutating func add(_ symbol: Int, _ row: Int) {
    let first = row * Self.symbols
    counts[first + symbol] += Self.gain
    totals[row] += Self.gain
    guard totals[row] > 1 << UInt32(Self.precision) - Self.gain else { return }
    totals[row] = 0
    for place in first..<first + Self.symbols {
      counts[place] = (counts[place] + 1) / 2
      totals[row] += counts[place]
    }
  }
}
