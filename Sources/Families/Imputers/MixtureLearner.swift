internal import Foundation
package import Modelling
package import Networks
internal import Optimisation
package import Tensors

/// Expectation maximisation of the posterior, in double precision: an epoch is one pass over all rows, whose last batch moves the parameters.
///
/// Nothing is kept of a batch but sums, so memory does not grow with the rows.
package struct MixtureLearner: Learner {
  private let family: Mixture
  private let options: Mixture.TrainingOptions

  package init(_ family: Mixture, _ options: Mixture.TrainingOptions) { (self.family, self.options) = (family, options) }

  package struct State: Module {
    var candidates: [Candidate]
    var prior: ParameterPrior
    /// Rows of this epoch so far.
    var rows: Tensor

    package static let fields: [Field<Self>] = [.child("candidates", \.candidates), .child("prior", \.prior), .buffer("rows", \.rows)]
  }

  /// One start.
  struct Candidate: Module {
    var network: Mixture.Network
    var sums: Doubles
    /// Of this epoch so far, and of the whole epoch before: Σ ln p(x_o) + ln p(parameters).
    var likelihood: Doubles
    var posterior: Doubles

    static let fields: [Field<Self>] = [
      .child("network", \.network), .child("sums", \.sums), .child("likelihood", \.likelihood), .child("posterior", \.posterior),
    ]
  }

  package var criterion: Criterion { .bound }

  private var shrinkage: Double { options.shrinkage(family.configuration) }
  private var sumsShape: Shape { [family.configuration.components, MixtureStatistics.size(family.plan)] }

  package func start(_ data: TrainingData, key: RandomKey) throws -> State {
    let start = MixtureStart(family, data, shrinkage: shrinkage, key: key.split("sample"))
    // One component has one best place.
    let hasOneStart = family.configuration.components == 1 && family.configuration.kind != .factors
    let (networks, prior) = try start.begin(restarts: hasOneStart ? 1 : options.restarts, key: key)
    let nothing = Doubles(shape: sumsShape, [Double](repeating: 0, count: sumsShape.count))
    return State(
      candidates: networks.map {
        Candidate(network: $0, sums: nothing, likelihood: Doubles(shape: [1], [0]), posterior: Doubles(shape: [1], [0]))
      }, prior: prior, rows: Tensor([0]))
  }

  package func step(_ state: inout State, _ batch: Batch, _ pass: Pass) throws -> [Term] {
    var best = -Double.infinity
    let isLast = Int(state.rows.scalar) + batch.items.count >= pass.items
    for index in state.candidates.indices {
      var model = family
      model.network = state.candidates[index].network
      var statistics = MixtureStatistics(family.plan, state.candidates[index].sums.values)
      let likelihood = try statistics.add(batch.values, model)
      guard likelihood.isFinite else { throw Divergence() }
      best = max(best, likelihood)
      let total = state.candidates[index].likelihood.values[0] + likelihood
      if isLast {
        state.candidates[index].posterior = Doubles(
          shape: [1], [total + state.prior.logDensity(model, shrinkage: shrinkage)])
        state.candidates[index].network = try state.prior.network(statistics, before: model.network, family.plan, shrinkage: shrinkage)
        statistics = MixtureStatistics(family.plan)
      }
      state.candidates[index].likelihood = Doubles(shape: [1], [isLast ? 0 : total])
      state.candidates[index].sums = Doubles(shape: sumsShape, statistics.sums.flatMap { $0 })
    }
    state.rows = Tensor([isLast ? 0 : state.rows.scalar + Float(batch.items.count)])
    return [Term("log_likelihood_nats", best / Double(max(batch.items.count, 1)))]
  }

  package func validation(_ state: inout State, _ batch: Batch, _ pass: Pass) -> [Term] {
    [Term(criterion.term, meanOf: model(state).score(batch.values, draws: 1, keys: pass.keys)[.exact])]
  }

  package func model(_ state: State) -> Mixture {
    let values = state.candidates.map { $0.posterior.values[0] }
    var model = family
    model.network = state.candidates[values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }].network
    return model
  }

  /// Of every start, as of the parameters before the last whole epoch.
  package func logPosteriors(_ state: State) -> [Double] { state.candidates.map { $0.posterior.values[0] } }
}
