/// What was seen in one stretch of time, by the time of the answer.
package struct LoadWindow: Sendable, Equatable {
  /// Nanoseconds.
  package var length: Int
  /// Latencies of the answers with a status of 2xx.
  package var latencies = LatencyHistogram()
  /// Answers by status.
  package var statuses: [Int: Int] = [:]
  /// Requests without an answer, by reason.
  package var failures: [String: Int] = [:]
  /// Bytes of the bodies.
  package var bytes = 0
  /// Answers of 2xx that were not, byte for byte, the first answer to the same request.
  package var differing = 0

  package init(length: Int) { self.length = length }

  /// Answers of 2xx a second.
  package var rate: Double { length == 0 ? 0 : Double(latencies.count) * 1e9 / Double(length) }

  package mutating func merge(_ other: LoadWindow) {
    length += other.length
    latencies.merge(other.latencies)
    statuses.merge(other.statuses, uniquingKeysWith: +)
    failures.merge(other.failures, uniquingKeysWith: +)
    bytes += other.bytes
    differing += other.differing
  }
}

/// When a measurement may stop: rate and median latency of the last three windows are within a tolerance.
package enum StablePoint {
  package static let windows = 3

  /// Whether the largest of the last three is above the smallest by at most `tolerance` of it, in rate and in median latency.
  package static func isReached(_ windows: [LoadWindow], tolerance: Double) -> Bool {
    guard windows.count >= Self.windows else { return false }
    let last = windows.suffix(Self.windows)
    let medians = last.compactMap { $0.latencies.quantile(0.5) }
    return medians.count == Self.windows && agree(medians.map(Double.init), tolerance) && agree(last.map(\.rate), tolerance)
  }

  private static func agree(_ values: [Double], _ tolerance: Double) -> Bool {
    guard let smallest = values.min(), let largest = values.max() else { return false }
    return largest - smallest <= tolerance * smallest
  }
}
