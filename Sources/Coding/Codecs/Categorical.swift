/// Independent symbols out of one table of frequencies: the fastest codec there is here.
package struct Categorical: Codec {
  package let count: Int
  package let table: FrequencyTable

  package init(count: Int, table: FrequencyTable) throws(CodingError) {
    self.count = try Parameters.count(count)
    self.table = table
  }

  package func push(_ symbols: [Int], onto message: inout Message) throws(CodingError) {
    let symbols = try checked(symbols, count: count)
    let (precision, intervals) = (table.precision, table.intervals)
    try message.push(count, precision: { _ in precision }) { i throws(CodingError) in
      guard intervals.indices.contains(symbols[i]) else { throw outside(symbols[i], at: i, of: intervals.count) }
      return intervals[symbols[i]]
    }
  }

  package func pop(from message: inout Message) throws(CodingError) -> [Int] {
    var symbols = [Int](repeating: 0, count: count)
    let (precision, intervals, slots) = (table.precision, table.intervals, table.symbols)
    try message.pop(count, precision: { _ in precision }) { i, slot in
      symbols[i] = Int(slots[Int(slot)])
      return intervals[symbols[i]]
    }
    return symbols
  }
}
