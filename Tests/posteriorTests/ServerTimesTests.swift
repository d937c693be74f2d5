import Benchmarking
import Testing

@testable import posterior

@Suite struct ServerTimesTests {
  private static func metrics(_ factor: Int) -> MetricsText {
    let phases = ServerTimes.phases.enumerated().map { index, name in
      """
      posterior_request_seconds_bucket{phase="\(name)",le="+Inf"} \(10 * factor)
      posterior_request_seconds_sum{phase="\(name)"} \(factor * (index + 1))
      posterior_request_seconds_count{phase="\(name)"} \(10 * factor)
      """
    }
    let batches = """
      posterior_batch_rows_bucket{le="1"} \(3 * factor)
      posterior_batch_rows_bucket{le="2"} \(3 * factor)
      posterior_batch_rows_bucket{le="4"} \(5 * factor)
      posterior_batch_rows_bucket{le="+Inf"} \(5 * factor)
      posterior_batch_rows_sum \(11 * factor)
      posterior_batch_rows_count \(5 * factor)
      """
    return MetricsText((phases + [batches]).joined(separator: "\n"))
  }

  @Test("Parts of a request's time and sizes of batches are what came in between two readings")
  func differences() throws {
    for before in [nil, Self.metrics(2)] {
      let times = ServerTimes(before: before, after: Self.metrics(5))
      let phases = try #require(times.phases)
      #expect(phases.map(\.name) == ["queue", "decode", "compute", "encode"])
      #expect(zip(phases, [0.1, 0.2, 0.3, 0.4]).allSatisfy { abs($0.seconds - $1) < 1e-12 })
      let batches = try #require(times.batches)
      // Bounds that no batch fell under are left out.
      #expect(batches.map(\.bound) == [1, 4] && batches[0].count * 2 == batches[1].count * 3)
      #expect(times.meanBatch == 2.2)
    }
  }

  @Test("A server that reports nothing, or did nothing, has no times")
  func absent() {
    for (before, after) in [(nil, nil), (nil, MetricsText("other 1")), (Self.metrics(1), Self.metrics(1)), (Self.metrics(1), nil)]
      as [(MetricsText?, MetricsText?)]
    {
      let times = ServerTimes(before: before, after: after)
      #expect(times.phases == nil && times.batches == nil && times.meanBatch == nil)
    }
  }
}
