/// Durations counted in logarithmic buckets, after G. Tene's HdrHistogram; number, sum and extremes are exact.
///
/// Below 512 ns every nanosecond has its bucket; from there each power of two is cut into 256, so a quantile is never below the true one and less than
/// 1/256 above it.
package struct LatencyHistogram: Sendable, Equatable {
  package private(set) var count = 0
  /// Nanoseconds; 0 while nothing is counted.
  package private(set) var smallest = 0
  package private(set) var largest = 0
  private var sum = 0
  /// Grown to the largest bucket that was met.
  private var buckets: [Int] = []

  private static let halfBits = 8
  private static let half = 1 << halfBits

  package init() {}

  /// - Parameter nanoseconds: less than 0 counts as 0: a clock that went backwards is no latency.
  package mutating func record(_ nanoseconds: Int) {
    let value = max(0, nanoseconds)
    let bucket = Self.bucket(of: value)
    if bucket >= buckets.count { buckets += [Int](repeating: 0, count: bucket + 1 - buckets.count) }
    buckets[bucket] += 1
    smallest = count == 0 ? value : min(smallest, value)
    largest = max(largest, value)
    sum += value
    count += 1
  }

  package mutating func merge(_ other: LatencyHistogram) {
    guard other.count > 0 else { return }
    if other.buckets.count > buckets.count { buckets += [Int](repeating: 0, count: other.buckets.count - buckets.count) }
    for (bucket, number) in other.buckets.enumerated() { buckets[bucket] += number }
    smallest = count == 0 ? other.smallest : min(smallest, other.smallest)
    largest = max(largest, other.largest)
    sum += other.sum
    count += other.count
  }

  /// Nanoseconds; nil while nothing is counted.
  package var mean: Double? { count == 0 ? nil : Double(sum) / Double(count) }

  /// The nearest rank: the smallest value that at least a fraction `q` of all are not above, in nanoseconds.
  package func quantile(_ q: Double) -> Int? {
    precondition((0...1).contains(q), "a quantile of \(q)")
    guard count > 0 else { return nil }
    let rank = max(1, Int((q * Double(count)).rounded(.up)))
    var seen = 0
    for (bucket, number) in buckets.enumerated() {
      seen += number
      if seen >= rank { return min(Self.last(of: bucket), largest) }
    }
    return largest
  }

  ///     value      0 ... 511 | 512 ... 1023 | 1024 ... 2047
  ///     width              1 |            2 |             4
  ///     buckets    0 ... 511 | 512 ...  767 |  768 ... 1023
  private static func bucket(of value: Int) -> Int {
    let shift = max(0, Int.bitWidth - value.leadingZeroBitCount - halfBits - 1)
    return shift * half + value >> shift
  }

  /// The largest value of a bucket.
  private static func last(of bucket: Int) -> Int {
    let shift = max(0, bucket / half - 1)
    return (bucket - shift * half + 1) << shift - 1
  }
}
