/// Counts of values below fixed bounds, as Prometheus reads them.
struct Histogram: Sendable {
  /// Ascending; a value counts in the first bucket whose bound it does not exceed, and in +Inf beyond the last.
  let bounds: [Double]
  private(set) var counts: [Int]
  private(set) var sum = 0.0

  init(bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  var count: Int { counts.reduce(0, +) }

  mutating func observe(_ value: Double) {
    counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
    sum += value
  }

  /// Lines of the text exposition format; `labels` such as `phase="queue"`.
  func lines(_ name: String, labels: String) -> [String] {
    var (lines, running) = ([String](), 0)
    for (bound, count) in zip(bounds.map { "\($0)" } + ["+Inf"], counts) {
      running += count
      lines.append("\(name)_bucket{\(labels),le=\"\(bound)\"} \(running)")
    }
    return lines + ["\(name)_sum{\(labels)} \(sum)", "\(name)_count{\(labels)} \(running)"]
  }
}
