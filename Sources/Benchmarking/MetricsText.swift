/// Metrics as a server shows them to Prometheus (text exposition format 0.0.4).
package struct MetricsText: Sendable {
  package struct Sample: Sendable, Equatable {
    package let name: String
    package let labels: [String: String]
    package let value: Double
  }

  package let samples: [Sample]

  /// Lines that are not samples are left out: comments, and what other versions may add.
  package init(_ text: String) { samples = text.split(separator: "\n").compactMap(Sample.init(line:)) }

  /// The sum over all samples of this name with these labels, whatever others they have; nil where there is none.
  package func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    let values = samples.filter { $0.name == name && $0.has(labels) }.map(\.value)
    return values.isEmpty ? nil : values.reduce(0, +)
  }

  /// The histogram of this name with these labels, added up over all others; nil where there is none.
  package func histogram(_ name: String, _ labels: [String: String] = [:]) -> MetricsHistogram? {
    guard let count = value(name + "_count", labels), let sum = value(name + "_sum", labels) else { return nil }
    var cumulative: [Double: Double] = [:]
    for sample in samples where sample.name == name + "_bucket" && sample.has(labels) {
      if let bound = sample.labels["le"].flatMap({ $0 == "+Inf" ? .infinity : Double($0) }) { cumulative[bound, default: 0] += sample.value }
    }
    return MetricsHistogram(count: count, sum: sum, cumulative: cumulative)
  }
}

/// A Prometheus histogram: `cumulative[b]` values were at most b.
package struct MetricsHistogram: Sendable, Equatable {
  package let count: Double
  package let sum: Double
  private let cumulative: [Double: Double]

  init(count: Double, sum: Double, cumulative: [Double: Double]) {
    self.count = count
    self.sum = sum
    self.cumulative = cumulative
  }

  package var mean: Double? { count > 0 ? sum / count : nil }

  /// How many values were above the bound before and at most `bound`, in the order of the bounds.
  package var buckets: [(bound: Double, count: Double)] {
    var before = 0.0
    return cumulative.sorted { $0.key < $1.key }.map { bound, total in
      defer { before = total }
      return (bound, total - before)
    }
  }

  /// What was added since `earlier`.
  package func since(_ earlier: MetricsHistogram?) -> MetricsHistogram {
    guard let earlier else { return self }
    return MetricsHistogram(
      count: count - earlier.count, sum: sum - earlier.sum, cumulative: cumulative.merging(earlier.cumulative) { $0 - $1 })
  }
}

extension MetricsText.Sample {
  /// `name{label="value",...} 12.5`, a time stamp after it ignored.
  fileprivate init?(line: Substring) {
    guard !line.hasPrefix("#") else { return nil }
    let name = line.prefix { $0 != "{" && $0 != " " }
    var rest = line.dropFirst(name.count)
    var labels: [String: String] = [:]
    if rest.hasPrefix("{") {
      rest = rest.dropFirst()
      while !rest.hasPrefix("}") {
        let label = rest.prefix { $0 != "=" }
        rest = rest.dropFirst(label.count + 1)
        guard rest.hasPrefix("\"") else { return nil }
        rest = rest.dropFirst()
        var value = ""
        while let character = rest.popFirst(), character != "\"" {
          guard character == "\\" else {
            value.append(character)
            continue
          }
          guard let escaped = rest.popFirst() else { return nil }
          value.append(escaped == "n" ? "\n" : escaped)
        }
        labels[label.trimmingSpaces] = value
        if rest.hasPrefix(",") { rest = rest.dropFirst() }
        guard !rest.isEmpty else { return nil }
      }
      rest = rest.dropFirst()
    }
    guard let number = rest.split(separator: " ").first, let value = Double(number) else { return nil }
    self.init(name: String(name), labels: labels, value: value)
  }

  fileprivate func has(_ wanted: [String: String]) -> Bool { wanted.allSatisfy { labels[$0.key] == $0.value } }
}

extension Substring {
  fileprivate var trimmingSpaces: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
