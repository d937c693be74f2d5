internal import Modelling
internal import Networks
internal import Optimisation
internal import Tensors

/// A family whose classes are found in phases.
protocol PhaseTrainable: GradientTrainable where OwnLearner == PhasedLearner<LearningState, Self> {
  associatedtype LearningState: PhaseState<Network>

  /// Before the first step of phases.
  func start(_ options: TrainingOptions, _ descent: Descent) -> LearningState

  /// What a phase that learns descends; the terms are those before the step.
  ///
  /// - Parameter codes: the mixture that was fitted last, where the state keeps it.
  func objective(
    _ phase: ClassPhase, _ network: Network, _ codes: CodeMixture?, _ batch: Batch, _ options: TrainingOptions, _ pass: Pass
  ) -> Objective

  /// The options under which items held out are judged.
  func judging(_ options: TrainingOptions) -> TrainingOptions
}

/// What goes from one step of a phase to the next.
protocol PhaseState<Network>: Module {
  associatedtype Network: Module

  var player: Player<Network> { get set }
  /// The mixture that q(y|x) learns from, where a phase fits one beside the network.
  var codes: CodeMixture? { get }
}

/// Learns one phase, with an optimiser that begins with it; held out items are compared by the phase's whole objective.
struct ClassPhaseLearner<Family: PhaseTrainable>: Learner {
  let family: Family
  let phase: ClassPhase
  let options: Family.TrainingOptions
  let descent: Descent

  let criterion = Criterion("objective_nats", isHigherBetter: true)

  func start(_ data: TrainingData, key: RandomKey) -> Family.LearningState { family.start(options, descent) }

  func begin(epoch: Int, _ state: inout Family.LearningState, _ data: TrainingData, key: RandomKey) {
    if epoch == 0 { state.player = Player(state.player.network, descent) }
  }

  func step(_ state: inout Family.LearningState, _ batch: Batch, _ pass: Pass) throws -> [Term] {
    let (codes, rate) = (state.codes, descent.optimiser.rate)
    return try state.player.descend(pass.scalingRate(by: (phase.rate ?? rate) / rate)) { network, mode in
      family.objective(phase, network, codes, batch, options, pass.in(mode))
    }
  }

  func validation(_ state: inout Family.LearningState, _ batch: Batch, _ pass: Pass) -> [Term] {
    let objective = family.objective(phase, state.player.network, state.codes, batch, family.judging(options), pass)
    return [Term(criterion.term, -objective.loss.scalar)] + objective.terms
  }

  func model(_ state: Family.LearningState) -> Family {
    var model = family
    model.network = state.player.network
    return model
  }

  func finished(_ model: Family, _ data: TrainingData, key: RandomKey) -> Family { model.finished(data, options: options, key: key) }
}
