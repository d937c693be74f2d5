internal import Modelling
internal import Networks
internal import Optimisation

/// The state of a run between two steps; with the recipe and the data it decides everything that follows.
struct TrainingState<Family: Trainable>: Sendable {
  var learner: Family.OwnLearner.State
  /// Epochs finished.
  var epoch = 0
  /// Batches of the current epoch already learnt from.
  var batch = 0
  /// Of the objective's terms over the current epoch.
  var sums = TermSums()
  var best: Best?

  /// What the model file will be written from.
  struct Best: Sendable {
    let network: Family.Network
    let epoch: Int
    /// Of the term that the learner compares states by.
    let value: Double
  }
}

/// Sums of named terms over several batches.
struct TermSums: Sendable, Equatable, Codable {
  private struct Sum: Sendable, Equatable, Codable {
    let name: String
    var value: Double
    var weight: Double
  }

  private var sums: [Sum] = []

  init() {}

  init(from decoder: any Decoder) throws { sums = try [Sum](from: decoder) }
  func encode(to encoder: any Encoder) throws { try sums.encode(to: encoder) }

  var names: [String] { sums.map(\.name) }
  var isEmpty: Bool { sums.isEmpty }

  /// Adds a batch's terms, each by its own weight or the batch's; false, and nothing is added, where they are not those of the batches before.
  mutating func add(_ terms: [Term], weight: Int) -> Bool {
    if sums.isEmpty { sums = terms.map { Sum(name: $0.name, value: 0, weight: 0) } }
    guard names == terms.map(\.name) else { return false }
    for (index, term) in terms.enumerated() {
      let weight = term.weight ?? Double(weight)
      sums[index].value += term.value * weight
      sums[index].weight += weight
    }
    return true
  }

  var means: [(name: String, value: Double)] { sums.map { ($0.name, $0.value / $0.weight) } }
}
