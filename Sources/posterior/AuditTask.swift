import Data
import Foundation
import ModelFiles
import Modelling
import Robustness
import Service
import Tensors

/// An audit of a model on items of a data set, drawn by the seed.
struct AuditTask {
  let model: LoadedModel
  let plan: AuditPlan
  let source: String
  let split: DataSource.Split
  /// How many items, and how many of those drawn before are left out.
  let items: Int
  let firstItem: Int
  /// What each item should be taken for; nil for other items.
  let targets: String?
  let labels: LabelSource?
  let reading: TableOptions?
  let seed: Int

  /// What to ask, and what the data are called.
  func request() throws -> (request: AuditRequest, data: String) {
    let data = try load(source, labels: labels, withLabels: plan.objective == .downstream)
    guard labels == nil || plan.objective == .downstream else { throw CommandError("--labels are for --objective downstream.") }
    let chosen = RandomKey(seed: UInt64(max(seed, 0))).split("items").permutation(data.count).dropFirst(firstItem).prefix(items)
    guard !chosen.isEmpty else {
      throw CommandError("--first-item is \(firstItem), expected at most \(data.count - 1): the data hold \(data.count) items.")
    }
    let targets = try targets.map { try load($0) }
    let request = try AuditRequest(
      plan: plan, items: data.raw(chosen), targets: targets.map { $0.raw(0..<$0.count) },
      shown: (data.batch(chosen), targets.map { $0.batch(0..<$0.count) }), labels: names(data.labels, chosen), seed: seed,
      firstItem: firstItem, on: model)
    try request.check(ServiceLimits(), isAsynchronous: true)
    return (request, data.name)
  }

  /// The names of the items' classes, where the model knows classes and the data do.
  private func names(_ known: Labels?, _ chosen: some Sequence<Int>) throws -> [String]? {
    guard let known, labels != nil || model.signature.classes?.isEmpty == false else { return nil }
    return try chosen.map { item in
      guard known.codes[item] >= 0 else { throw CommandError("Item \(item) of \(source) has no known class.") }
      return known.names[known.codes[item]]
    }
  }

  private func load(_ source: String, labels: LabelSource? = nil, withLabels: Bool = false) throws -> DataSet {
    try EvaluationData.load(
      source, split: NamedDataSet.named(source) == nil ? .train : split, labels: labels, withLabels: withLabels, reading: reading,
      for: model.signature, model.family)
  }
}
