internal import Formats
internal import Foundation
package import Modelling
package import Networks
internal import Optimisation
package import Tensors

/// Fits every member with some cells hidden from it, finds the weights from those, and fits all of them again with every cell, or to every bootstrap
/// of the rows.
///
/// All of it is done before the one epoch there is; that epoch's terms tell the errors of the hidden cells and the weights.
package struct StackingLearner: Learner {
  private let family: Stacking
  private let options: Stacking.TrainingOptions

  package init(_ family: Stacking, _ options: Stacking.TrainingOptions) { (self.family, self.options) = (family, options) }

  package struct State: Module {
    package var network: Stacking.Network
    /// Means over the columns: NRMSE and share of wrong categories of the combination, of the mean or commonest category, and of every member: [2 +
    /// members, 2].
    package var errors: Tensor

    package static let fields: [Field<Self>] = [.child("network", \.network), .buffer("errors", \.errors)]
  }

  package var criterion: Criterion { .bound }

  package func start(_ data: TrainingData, key: RandomKey) -> State {
    State(network: family.network, errors: .full([2 + family.members.count, 2], -1))
  }

  package func begin(epoch: Int, _ state: inout State, _ data: TrainingData, key: RandomKey) throws {
    guard epoch == 0 else { return }
    var model = family
    if model.members.count > 1 {
      let trial = try StackingTrial(model.forTrial, data, options, key: key.split("trial"))
      (model.network.numberWeights, model.network.categoryWeights) = (trial.numberWeights, trial.categoryWeights)
      (model.network.stretches, model.network.errors, state.errors) = (trial.stretches, trial.columnErrors, trial.errors)
    }
    let weights = model.weights
    let bootstraps = model.configuration.bootstraps > 0 ? Bootstraps(data, model.signature) : nil
    model.members = try model.fitted(data, bootstraps, key: key.split("fit")) { weights.numbers[$0] > 0 || weights.categories[$0] > 0 }
    state.network = model.network
  }

  package func step(_ state: inout State, _ batch: Batch, _ pass: Pass) -> [Term] {
    let (errors, members) = (state.errors.scalars, family.members.count)
    var terms: [Term] = []
    let rows = ["", "mean_fill."] + family.memberNames.map { $0 + "." }
    for (column, name) in ["nrmse", "pfc"].enumerated() {
      for (row, prefix) in rows.enumerated() where errors[2 * row + column] >= 0 { terms.append(Term(prefix + name, errors[2 * row + column])) }
    }
    let kinds = [("number_weight", state.network.numberWeights, true), ("category_weight", state.network.categoryWeights, false)]
    for (name, tensor, isOfNumbers) in kinds where family.isNumber.contains(isOfNumbers) {
      for member in 0..<members { terms.append(Term("\(family.memberNames[member]).\(name)", tensor.scalars[member])) }
    }
    return terms
  }

  package func validation(_ state: inout State, _ batch: Batch, _ pass: Pass) -> [Term] {
    let model = model(state)
    return [Term(criterion.term, meanOf: model.score(batch.values, draws: 5, keys: pass.keys).values[0].values)]
  }

  /// Without the members that have no weight.
  package func model(_ state: State) -> Stacking {
    var model = family
    model.network = state.network
    return model.withoutIdleMembers
  }
}

extension Stacking {
  /// The members after each copy of some has learnt, several at a time; the others are as they were.
  ///
  /// - Parameter bootstraps: each copy learns from the sample of its number, which all members share; nil: all from the whole.
  func fitted(
    _ data: TrainingData, _ bootstraps: Bootstraps? = nil, key: RandomKey, _ isWanted: (Int) -> Bool = { _ in true }
  ) throws -> [[StackedModel]] {
    let jobs = members.indices.filter(isWanted).flatMap { member in members[member].indices.map { (member: member, copy: $0) } }
    var results = [Result<StackedModel, any Error>?](repeating: nil, count: jobs.count)
    results.withUnsafeMutableBufferPointer { results in
      // Those that take longest, which stand last, come first.
      Parallelism.perform(blocks: jobs.count) { block in
        let (place, job) = (jobs.count - 1 - block, jobs[jobs.count - 1 - block])
        results[place] = Result {
          let data = bootstraps?.sample(key: key.split("bootstrap").split(job.copy)) ?? data
          return try members[job.member][job.copy].fitted(
            configuration.members[job.member], data, isBootstrap: bootstraps != nil, key: key.split(job.member).split(job.copy))
        }
      }
    }
    var fitted = members
    for (job, result) in zip(jobs, results) { if let result { fitted[job.member][job.copy] = try result.get() } }
    return fitted
  }

  /// The same combination with one model of a member.
  fileprivate var forTrial: Stacking {
    var model = self
    model.members = members.map { Array($0.prefix(1)) }
    return model
  }

  /// The same combination without members of weight 0.
  var withoutIdleMembers: Stacking {
    let weights = weights
    let kept = members.indices.filter { weights.numbers[$0] > 0 || weights.categories[$0] > 0 }
    return kept.count == members.count ? self : Stacking(self, keeping: kept)
  }

  /// What tells members apart in reports: the family or kind, components or factors, the shrinkage where it was given; a number where that is the
  /// same.
  var memberNames: [String] {
    var seen: [String: Int] = [:]
    return configuration.members.enumerated().map { index, member in
      let name =
        switch members[index].first {
        case .mixture(let model):
          "\(model.configuration.kind.rawValue)-\(model.configuration.kind == .factors ? model.configuration.factors : model.configuration.components)"
            + (member.training["shrinkage"].map { "-shrinkage-\(String(decoding: $0.text, as: UTF8.self))" } ?? "")
        case .vaeac, nil: member.family
        }
      seen[name, default: 0] += 1
      return seen[name] == 1 ? name : "\(name)-number-\(seen[name] ?? 1)"
    }
  }
}

// MARK: - One member

extension StackedModel {
  /// Passes over the rows of a mixture; of bootstraps more, for what an estimate is wrong by for want of passes is the same in all of them.
  private static let passes = 30
  private static let bootstrapPasses = 100
  /// A pass that gains fewer nats of all rows together is the last: half a nat is one standard error of a parameter.
  private static let settled = 0.02

  /// The same model after its own learner has gone through the data.
  func fitted(_ member: Stacking.Configuration.Member, _ data: TrainingData, isBootstrap: Bool, key: RandomKey) throws -> StackedModel {
    switch self {
    case .mixture(let model):
      let learner = model.learner(try Self.options(Mixture.self, member), Descent())
      let run = MemberRun(batchSize: 1024, epochs: isBootstrap ? Self.bootstrapPasses : Self.passes)
      var before: [Double]?
      let mixture = try run.model(learner, data, key: key) { state in
        let now = learner.logPosteriors(state)
        defer { before = now }
        return before.map { zip(now, $0).allSatisfy { ($0 - $1).magnitude < Self.settled } } ?? false
      }
      return .mixture(mixture)
    case .vaeac(let model):
      // As a table alone is learnt from, but that no rows are held out.
      let steps = max((data.count + 63) / 64, 1)
      let epochs = max(min(max(120, (3000 + steps - 1) / steps), 20_000 / steps), 10)
      let learner = model.learner(try Self.options(VAEAC.self, member), Descent(Optimiser(.adamw, rate: 1e-3, weightDecay: 0.3)))
      return .vaeac(try MemberRun(batchSize: 64, epochs: epochs, schedule: Schedule(.cosine)).model(learner, data, key: key))
    }
  }
}

/// The epochs of one learner over all items, in an order of its own each, until the state has settled.
struct MemberRun {
  let batchSize: Int
  let epochs: Int
  var schedule = Schedule()

  func model<Own: Learner>(
    _ learner: Own, _ data: TrainingData, key: RandomKey, until hasSettled: (Own.State) -> Bool = { _ in false }
  ) throws -> Own.Model {
    var state = try learner.start(data, key: key.split("start"))
    var step = 0
    for epoch in 0..<epochs {
      try learner.begin(epoch: epoch, &state, data, key: key.split("begin").split(epoch))
      let order = key.split("shuffle").split(epoch).permutation(data.count)
      for start in stride(from: 0, to: data.count, by: batchSize) {
        let items = Array(order[start..<min(start + batchSize, data.count)])
        let (own, time) = (key.split("step").split(step), Float(epoch) + Float(start) / Float(data.count))
        let pass = Pass(
          key: own, keys: RowKeys(own, rows: 0..<items.count), epoch: time, step: step, items: data.count,
          rateFactor: schedule.factor(at: time, of: epochs), isFirst: start == 0)
        _ = try learner.step(&state, Batch(data[items], items: items), pass)
        step += 1
      }
      if hasSettled(state) { break }
    }
    return learner.model(state)
  }
}
