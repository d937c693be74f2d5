internal import Formats
internal import Foundation

/// How the models of a study divide their bound between what the code costs and what it leaves out (Alemi et al. 2018).
///
/// -ELBO = D + R, so models of one bound may be anything from a code that says nothing to one that says all.
package struct RateDistortion: Sendable {
  package struct Point: Sendable {
    package let row: StudyRow
    /// Nats an item, over the seeds.
    package let rate: Sample
    package let distortion: Sample
    /// Latent variables in use, of all layers; nil where no evaluation says.
    package let active: Sample?

    package var bound: Double { -(rate.mean + distortion.mean) }
  }

  /// The points of one recipe on one data set, in the order of its sweep.
  package struct Curve: Sendable {
    package let title: String
    package let points: [Point]
  }

  package let curves: [Curve]
  /// The field that each recipe sweeps.
  private let fields: [String: String]

  /// nil where the study sweeps nothing, or no evaluation measured a rate.
  package init?(_ report: StudyReport) {
    fields = Dictionary(uniqueKeysWithValues: report.study.recipes.compactMap { recipe in recipe.sweep.map { (recipe.name, $0.field) } })
    let measured = report.rows.flatMap(\.results).flatMap(\.result.metrics).map(\.name)
    guard !fields.isEmpty, let rate = measured.first(where: { $0.split(separator: ".").last == "rate_nats" }) else { return nil }
    // Of the first evaluation that has one.
    let evaluation = String(rate.dropLast("rate_nats".count))
    var (titles, points): ([String], [String: [Point]]) = ([], [:])
    for row in report.rows {
      guard let rate = row.sample(rate), let distortion = row.sample(evaluation + "distortion_nats") else { continue }
      let title = StudyRow(recipe: row.row.recipe, data: row.row.data).title
      if points[title] == nil { titles.append(title) }
      points[title, default: []].append(
        Point(row: row.row, rate: rate, distortion: distortion, active: Self.active(of: row, evaluation, measured)))
    }
    curves = titles.map { Curve(title: $0, points: points[$0] ?? []) }
    if curves.isEmpty { return nil }
  }

  private static func active(of row: StudyReport.Row, _ evaluation: String, _ measured: [String]) -> Sample? {
    let layers = Set(measured.filter { $0.hasPrefix(evaluation + "layer_") && $0.hasSuffix(".active_units") })
    let seeds = layers.map { row.seeds($0).map(\.value) }.filter { !$0.isEmpty }
    guard let first = seeds.first, seeds.allSatisfy({ $0.count == first.count }) else { return nil }
    return Sample(first.indices.map { seed in seeds.reduce(0) { $0 + $1[seed] } })
  }

  /// A line a point.
  package var csv: [UInt8] {
    var writer = CSVWriter(lineEnd: "\n")
    writer.append(["recipe", "data", "field", "value", "n", "rate_nats", "rate_sd", "distortion_nats", "distortion_sd", "elbo_nats", "active_units"])
    for point in curves.flatMap(\.points) {
      let numbers = [point.rate.mean, point.rate.deviation, point.distortion.mean, point.distortion.deviation, point.bound, point.active?.mean]
      writer.append(
        [
          point.row.recipe, point.row.data ?? "", fields[point.row.recipe] ?? "", point.row.value.map(StudySweep.spelled) ?? "",
          "\(point.rate.count)",
        ] + numbers.map { $0.map { "\($0)" } ?? "" })
    }
    return writer.bytes
  }

  /// Rate to the right, distortion upwards: a dot a seed, a line through the means, and dashed the line of the best bound.
  package var svg: String { RateDistortionPicture(self).svg }
}
