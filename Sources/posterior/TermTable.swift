/// Terms that are told of several parts, `PART.NAME`, as lines of a table; terms without a part stand alone.
struct TermTable {
  let plain: [(name: String, value: Double)]
  /// Parts with what is told of them, those that weigh most first, then those of the least error.
  private let parts: [(name: String, values: [String: Double])]
  private let columns: [String]

  private static let mostLines = 8

  init(_ terms: [(name: String, value: Double)]) {
    var (plain, order, values, columns): ([(name: String, value: Double)], [String], [String: [String: Double]], [String]) = ([], [], [:], [])
    for term in terms {
      guard let point = term.name.lastIndex(of: ".") else {
        plain.append(term)
        continue
      }
      let (part, name) = (String(term.name[..<point]), String(term.name[term.name.index(after: point)...]))
      if values[part] == nil { order.append(part) }
      if !columns.contains(name) { columns.append(name) }
      values[part, default: [:]][name] = term.value
    }
    func weight(_ part: String) -> Double? { values[part]?.filter { $0.key.hasSuffix("weight") }.values.max() }
    let sorted = order.enumerated().sorted { left, right in
      // What has no weight is what the others are compared with.
      let (a, b) = (weight(left.element) ?? .infinity, weight(right.element) ?? .infinity)
      return a == b ? left.offset < right.offset : a > b
    }
    (self.plain, self.columns) = (plain, columns)
    parts = sorted.map { ($0.element, values[$0.element] ?? [:]) }
  }

  /// None where no term has a part.
  func lines(_ number: (Double) -> String) -> [String] {
    guard !parts.isEmpty else { return [] }
    // A rest of one line is rather shown.
    let shown = parts.count <= Self.mostLines ? parts : Array(parts.prefix(Self.mostLines - 1))
    let cells = [[""] + columns] + shown.map { part in [part.name] + columns.map { part.values[$0].map(number) ?? "" } }
    let widths = (0...columns.count).map { column in cells.map(\.[column].count).max() ?? 0 }
    func padding(_ text: String, _ column: Int) -> String { String(repeating: " ", count: widths[column] - text.count) }
    var lines = cells.map { row in
      // Nothing stands behind the last number of a line.
      let used = (row.lastIndex { !$0.isEmpty } ?? 0) + 1
      return "  " + row[0] + padding(row[0], 0) + row[..<used].indices.dropFirst().map { "  " + padding(row[$0], $0) + row[$0] }.joined()
    }
    let rest = parts.dropFirst(shown.count)
    if !rest.isEmpty {
      let weight = rest.flatMap { $0.values.filter { $0.key.hasSuffix("weight") }.values }.max()
      lines.append("  and \(rest.count) more" + (weight.map { ", of weight \(number($0)) at most" } ?? ""))
    }
    return lines
  }
}
