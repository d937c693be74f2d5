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
  /// - Parameter hasRandomArrivals: numbers of requests that come at random vary by the square root of themselves whatever the server does; four times
  ///   that is granted on top, which chance alone exceeds about once in eighty times.
  package static func isReached(_ windows: [LoadWindow], tolerance: Double, hasRandomArrivals: Bool = false) -> Bool {
    guard windows.count >= Self.windows else { return false }
    let last = windows.suffix(Self.windows)
    let medians = last.compactMap { $0.latencies.quantile(0.5) }
    let most = last.map { Double($0.latencies.count) }.max() ?? 0
    let shortest = last.map { Double($0.length) / 1e9 }.min() ?? 0
    let chance = hasRandomArrivals && shortest > 0 ? 4 * most.squareRoot() / shortest : 0
    return medians.count == Self.windows && agree(medians.map(Double.init), tolerance) && agree(last.map(\.rate), tolerance, chance)
  }

  private static func agree(_ values: [Double], _ tolerance: Double, _ chance: Double = 0) -> Bool {
    guard let smallest = values.min(), let largest = values.max() else { return false }
    return largest - smallest <= tolerance * smallest + chance
  }
}
