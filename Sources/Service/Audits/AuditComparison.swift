internal import Formats
internal import ModelFiles
internal import Registry
internal import Robustness

/// Which of several audited models is the more robust, by the quantities that can be compared, and why not by the others.
struct AuditComparison {
  struct Ranking: Equatable {
    let metric: String
    /// Places among the runs, the most robust first.
    let order: [Int]
  }

  private(set) var rankings: [Ranking] = []
  private(set) var refusals: [(metric: String, reason: String)] = []

  /// Metrics by which robustness can be ranked; whether a larger value means more of it.
  private static let directions: [String: Bool] = [
    "auddc": true, "damage_area": false, "margin_bound": true, "margin_measured": true, Measure.reconShift.rawValue: false,
    Measure.logTarget.rawValue: false, Measure.targetDistanceNorm.rawValue: true, Measure.elboDrop.rawValue: false,
    Measure.decisionChanged.rawValue: false, "robust_accuracy": true,
  ]
  /// What a size of the posterior hides in: comparable between audits of one model alone.
  private static let posteriorBound: Set<String> = [Measure.attackLoss.rawValue, Measure.skl.rawValue]
  /// Parameters of an audit that do not make its numbers other quantities.
  private static let neutral: Set<String> = ["data", "examples", "items", "latent_widths"]

  /// - Parameter values: the last value of each metric, one a run; nil where a run has none.
  /// - Returns: nil unless all runs are audits.
  init?(_ runs: [Run], values: [(name: String, last: [Double?])]) {
    guard runs.allSatisfy({ $0.description.kind == .robustness }) else { return nil }
    let names = Set(runs.flatMap(\.description.parameters.keys)).subtracting(Self.neutral).sorted()
    let differing = names.filter { name in Set(runs.map { $0.description.parameters[name] }).count > 1 }
    let isOneModel = Set(runs.map(\.description.modelDigest)).count == 1
    let insane = runs.indices.filter { index in values.first { $0.name == "sane" }?.last[index] != 1 }
    for (name, last) in values {
      let base = name.split(separator: ".").first.map(String.init) ?? name
      let isBound = Self.posteriorBound.contains(base)
      guard let isLargerBetter = Self.directions[base] ?? (isBound ? base == Measure.attackLoss.rawValue : nil) else { continue }
      let known = last.compactMap { $0.flatMap { $0.isFinite ? $0 : nil } }
      if isBound, !isOneModel {
        refusals.append((name, AuditReport.comparability))
      } else if !insane.isEmpty {
        refusals.append((name, "the audit of \(insane.map { runs[$0].id.description }.joined(separator: ", ")) failed a check of its own"))
      } else if !differing.isEmpty {
        refusals.append((name, "the audits differ in \(differing.joined(separator: ", "))"))
      } else if known.count < last.count {
        refusals.append((name, "not every run has it"))
      } else if Set(runs.map(\.description.dataDigest)).count > 1 {
        refusals.append((name, "the audits were of different items"))
      } else {
        let order = known.indices.sorted { known[$0] != known[$1] ? (known[$0] > known[$1]) == isLargerBetter : $0 < $1 }
        rankings.append(Ranking(metric: name, order: order))
      }
    }
  }

  func json(_ runs: [Run]) -> JSONValue {
    .record([
      "most_robust_first": .object(
        rankings.map { .init(name: $0.metric, value: .strings($0.order.map { runs[$0].id.description })) }),
      "not_ranked": .object(refusals.map { .init(name: $0.metric, value: .string($0.reason)) }),
    ])
  }
}
