internal import Modelling
internal import Networks
internal import Optimisation

/// What is done between the phases of a family.
struct PhaseChanges<State: Module, Model: ModelFamily> {
  typealias Change = PhasedLearner<State, Model>.Change

  /// Another mixture, fitted to the codes.
  let fit: Change
  /// After the phases that learn from a mixture, where several are tried: the most consistent outcome so far is kept, then taken.
  let keepBest: Change
  let takeBest: Change
  /// Components that fit the codes again, before everything learns.
  let refit: Change
}

extension ClassPhase {
  /// The phases of a learner, those between the mixture and the first joint one as often as mixtures are tried.
  static func sequence<State, Model>(
    _ phases: [ClassPhase], _ changes: PhaseChanges<State, Model>, learner: (ClassPhase) -> any Learner<State, Model>
  ) -> [PhasedLearner<State, Model>.Phase] {
    func all(_ kinds: Kind...) -> [PhasedLearner<State, Model>.Phase] {
      phases.filter { kinds.contains($0.kind) }.map { .learning(epochs: $0.epochs ?? 1, learner($0)) }
    }
    let (vae, classes, joint) = (all(.vae), all(.distil, .consistency), all(.joint))
    guard let mixture = phases.first(where: { $0.kind == .mixture }) else { return vae + classes + joint }
    let restarts = mixture.restarts ?? 1
    var sequence = vae
    for _ in 0..<restarts {
      sequence.append(.change(changes.fit))
      sequence += classes
      if restarts > 1 { sequence.append(.change(changes.keepBest)) }
    }
    if restarts > 1 { sequence.append(.change(changes.takeBest)) }
    if !joint.isEmpty { sequence.append(.change(changes.refit)) }
    return sequence + joint
  }
}
