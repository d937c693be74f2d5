import Benchmarking
import Testing

@Suite struct MetricsTextTests {
  static let text = """
    # HELP posterior_batch_rows Rows computed together.
    # TYPE posterior_batch_rows histogram
    posterior_batch_rows_bucket{model="a",le="1"} 3
    posterior_batch_rows_bucket{model="a",le="4"} 5
    posterior_batch_rows_bucket{model="a",le="+Inf"} 6
    posterior_batch_rows_sum{model="a"} 27.5
    posterior_batch_rows_count{model="a"} 6
    posterior_batch_rows_bucket{model="b",le="1"} 1
    posterior_batch_rows_bucket{model="b",le="4"} 1
    posterior_batch_rows_bucket{model="b",le="+Inf"} 1
    posterior_batch_rows_sum{model="b"} 1
    posterior_batch_rows_count{model="b"} 1
    plain 1.5e3
    timed{a="x"} 2 1700000000000
    quoted{a="say \\"hi\\", \\\\ {}", b="2"} -1

    broken{a="x
    broken
    broken{a="x"} many

    """

  @Test("Names, labels and values are read; comments and broken lines are left out")
  func samples() {
    let metrics = MetricsText(Self.text)
    #expect(metrics.samples.count == 13)
    #expect(metrics.value("plain") == 1500 && metrics.value("timed", ["a": "x"]) == 2)
    #expect(metrics.value("quoted", ["a": "say \"hi\", \\ {}"]) == -1 && metrics.value("quoted", ["b": "2"]) == -1)
    #expect(metrics.value("timed", ["a": "y"]) == nil && metrics.value("none") == nil)
  }

  @Test("Histograms are added up over the labels that are not asked for")
  func histograms() throws {
    let metrics = MetricsText(Self.text)
    let one = try #require(metrics.histogram("posterior_batch_rows", ["model": "a"]))
    #expect(one.count == 6 && one.sum == 27.5 && one.buckets.map(\.bound) == [1, 4, .infinity] && one.buckets.map(\.count) == [3, 2, 1])
    let both = try #require(metrics.histogram("posterior_batch_rows"))
    #expect(both.count == 7 && both.sum == 28.5 && both.mean == 28.5 / 7 && both.buckets.map(\.count) == [4, 2, 1])
    #expect(metrics.histogram("posterior_batch_rows", ["model": "c"]) == nil)
  }

  @Test("What was added between two readings is their difference")
  func differences() throws {
    let after = try #require(MetricsText(Self.text).histogram("posterior_batch_rows"))
    let before = try #require(MetricsText(Self.text).histogram("posterior_batch_rows", ["model": "b"]))
    #expect(after.since(before).buckets.map(\.count) == [3, 2, 1] && after.since(before).count == 6)
    #expect(after.since(nil) == after)
    #expect(after.since(after).mean == nil)
  }
}
