import Formats
import Foundation
import Studies
import Testing

@Suite("The report of a study")
struct StudyReportTests {
  /// Accuracies of the recipes a and b with the seeds 3 and 4.
  private func report(_ values: [String: Double?], models: [String: String] = [:], more: String = "") throws -> StudyReport {
    let plan = try StudyExample.plan(StudyExample.text(more: more))
    let results = plan.jobs.reduce(into: [String: JobResult]()) { results, job in
      guard let value = values[job.id] else { return }
      results[job.id] = result(of: job, model: models[job.id] ?? "\(job.row)\(job.seed)", [("accuracy", value), ("accuracy.standard_error", 0.1)])
    }
    let missing = plan.jobs.filter { results[$0.id] == nil }.map { StudyReport.Failure(job: $0.id, reason: "exit code 1") }
    return StudyReport(plan, results: results, missing: missing)
  }

  @Test("has a row a recipe with the mean over its seeds, the seeds at either end, and no standard errors unless they are asked for")
  func rows() throws {
    let report = try report(["a.3": 0.5, "a.4": 0.75, "b.3": 1, "b.4": 1])
    #expect(report.metrics == ["accuracy"])
    let sample = try #require(report.rows[0].sample("accuracy"))
    #expect(sample.mean == 0.625 && sample.count == 2 && report.rows[1].sample("accuracy")?.deviation == 0)
    let ends = StudyReport.extremes(report.rows[0].seeds("accuracy"))
    #expect(ends.lowest.seed == 3 && ends.highest.seed == 4)
    let lines = String(decoding: report.csv, as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 3 && lines[1].hasPrefix("a,,accuracy,2,0.625,"))
    #expect(report.json["rows"].map { $0.line.contains(#""mean": 0.625"#) } == true)
  }

  @Test("counts the results that there are, names the jobs without one, and numbers that are none")
  func incomplete() throws {
    let values: [String: Double?] = ["a.3": 0.5, "b.3": Double?.none, "b.4": 0.25]
    let report = try self.report(values)
    #expect(report.missing.map(\.job) == ["a.4"] && report.rows[0].sample("accuracy")?.count == 1)
    #expect(report.rows[1].sample("accuracy")?.values == [0.25])
    #expect(report.notes.contains { $0.contains("accuracy is no finite number of b.3") })
  }

  @Test("says of a metric that nothing measured which one is meant")
  func misspelt() throws {
    let report = try report(["a.3": 0.5], more: #", "metrics": ["acuracy"]"#)
    #expect(report.notes.contains("no evaluation measured acuracy; did you mean accuracy?"))
  }

  @Test("of repeats says which gave other models, counts a seed once, and splits the spread")
  func repeats() throws {
    let values: [String: Double?] = ["a.3": 0.5, "a.3.r2": 0.5, "a.4": 0.7, "a.4.r2": 0.7, "b.3": 1, "b.3.r2": 2, "b.4": 3, "b.4.r2": 4]
    let more = #", "repeats": 2"#
    let report = try report(values, models: ["b.3.r2": "other"], more: more)
    #expect(report.differing == ["b.3.r2"])
    #expect(try self.report(values, more: more).differing == [])
    #expect(report.rows[0].sample("accuracy")?.count == 2)
    #expect(report.rows[0].repeated("accuracy", times: 2)?.withinSeed == 0)
    #expect((report.rows[1].repeated("accuracy", times: 2)?.withinSeed ?? 0) > 0)
    #expect(try self.report(values).differing == nil)
  }

  @Test("draws a dot a seed and a panel a metric, and escapes what XML would take for its own")
  func picture() throws {
    let report = try report(["a.3": 0.5, "a.4": 0.75, "b.3": 1, "b.4": 1])
    #expect(report.svg.components(separatedBy: "<circle").count == 5)
    #expect(report.svg.contains(">accuracy</text>") && !report.svg.contains("nan") && !report.svg.contains("inf"))
    let plan = try StudyExample.plan()
    let strange = StudyReport(plan, results: ["a.3": result(of: plan.jobs[0], [("<&\u{7}>", 1)])], missing: []).svg
    #expect(strange.contains(">&lt;&amp; &gt;</text>"))
  }
}

@Suite("Rate and distortion over a sweep")
struct RateDistortionTests {
  private func report(_ recipes: String, _ metrics: (StudyJob) -> [(String, Double?)]) throws -> StudyReport {
    let plan = try StudyExample.plan(StudyExample.text(recipes: recipes))
    let results = Dictionary(uniqueKeysWithValues: plan.jobs.map { ($0.id, result(of: $0, metrics($0))) })
    return StudyReport(plan, results: results, missing: [])
  }

  private let swept =
    #"[{"name": "a", "recipe": "r.json", "sweep": {"field": "training.beta", "values": [0.5, 2]}}, {"name": "b", "recipe": "r.json"}]"#

  @Test("is a curve a recipe, a point a value, with means over the seeds, the bound and the units of all layers")
  func curves() throws {
    let report = try report(swept) { job in
      let rate = job.row.value.map { 10 / $0 } ?? 1
      return [
        ("rate_nats", rate + Double(job.seed)), ("distortion_nats", 100 - rate), ("layer_0.active_units", 2),
        ("layer_1.active_units", Double(job.seed)),
      ]
    }
    let frontier = try #require(RateDistortion(report))
    #expect(frontier.curves.map(\.title) == ["a", "b"] && frontier.curves.map(\.points.count) == [2, 1])
    let point = frontier.curves[0].points[0]
    #expect(point.rate.mean == 23.5 && point.distortion.mean == 80 && point.bound == -103.5 && point.active?.mean == 5.5)
    let lines = String(decoding: frontier.csv, as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 4 && lines[1].hasPrefix("a,,training.beta,0.5,2,23.5,") && lines[1].hasSuffix(",-103.5,5.5"))
    #expect(lines[3].hasPrefix("b,,,,2,4.5,"))
    // Two seeds of three points, and a dot a curve in the legend.
    #expect(frontier.svg.components(separatedBy: "<circle").count == 9 && frontier.svg.contains("stroke-dasharray"))
    #expect(!frontier.svg.contains("nan") && !frontier.svg.contains("inf"))
  }

  @Test("is nothing where no field is swept, or no rate was measured")
  func nothing() throws {
    let plain = #"[{"name": "a", "recipe": "r.json"}]"#
    #expect(RateDistortion(try report(plain) { _ in [("rate_nats", 1), ("distortion_nats", 2)] }) == nil)
    #expect(RateDistortion(try report(swept) { _ in [("accuracy", 1)] }) == nil)
  }
}
