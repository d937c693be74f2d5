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
