/// Suggestions for misspelt names.
package enum EditDistance {
  /// The known name nearest to `name`, if at most a third of its letters (and one at least) would have to change.
  package static func closest(to name: String, among known: some Sequence<String>) -> String? {
    guard name.utf8.count <= 64 else { return nil }
    let nearest = known.map { (name: $0, distance: between(Array(name), Array($0))) }.min { ($0.distance, $0.name) < ($1.distance, $1.name) }
    guard let nearest, nearest.distance <= max(1, name.count / 3) else { return nil }
    return nearest.name
  }

  /// The known names that are nearest, or hold `name` as a part; the nearest first.
  package static func nearest(to name: String, among known: some Sequence<String>, count: Int) -> [String] {
    guard name.utf8.count <= 64 else { return [] }
    let own = Array(name)
    let ranked = known.compactMap { candidate -> (name: String, distance: Int)? in
      let distance = between(own, Array(candidate))
      if distance <= Swift.max(1, own.count / 3) { return (candidate, distance) }
      return candidate.contains(name) || name.contains(candidate) ? (candidate, own.count + distance) : nil
    }
    return ranked.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(count).map(\.name)
  }

  /// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours (Damerau 1964).
  static func between(_ a: [Character], _ b: [Character]) -> Int {
    var rows = [Array(0...b.count)]
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var best = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
