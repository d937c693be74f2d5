package import Modelling

/// How parameters move along their gradients; the formulae are those of PyTorch's documentation.
package struct Optimiser: Settings {
  package enum Kind: String, CaseIterable, SettingValue { case sgd, adam, adamw, adamax, rmsprop }

  package var kind: Kind
  package var rate: Float
  /// Of SGD.
  package var momentum: Float
  package var nesterov: Bool
  /// Decay of the first and second moment of the Adam family.
  package var betas: [Float]
  /// Smoothing of RMSProp's squares.
  package var alpha: Float
  package var epsilon: Float
  /// Whether the Adam family makes up for moments that began at 0; nil: yes, as PyTorch does.
  package var correctsBias: Bool?
  /// Added to the gradient as an L2 penalty; taken off the parameter instead for `adamw`.
  package var weightDecay: Float

  package init() { self.init(.adam) }

  package init(
    _ kind: Kind = .adam, rate: Float = 1e-3, momentum: Float = 0, nesterov: Bool = false, betas: [Float] = [0.9, 0.999], alpha: Float = 0.99,
    epsilon: Float = 1e-8, correctsBias: Bool? = nil, weightDecay: Float = 0
  ) {
    self.kind = kind
    self.rate = rate
    self.momentum = momentum
    self.nesterov = nesterov
    self.betas = betas
    self.alpha = alpha
    self.epsilon = epsilon
    self.correctsBias = correctsBias
    self.weightDecay = weightDecay
  }

  package static let table = Table<Self> {
    Setting("kind", \.kind, "How parameters move.")
    Setting("rate", \.rate, in: Above(0), "The learning rate, before the schedule's factor.")
    Setting("momentum", \.momentum, in: 0..<1, "Of sgd.")
    Setting("nesterov", \.nesterov, "Whether sgd looks ahead along its momentum.")
    Setting("betas", \.betas, "Decay of the first and second moment of adam, adamw and adamax.")
    Setting("alpha", \.alpha, in: 0..<1, "Smoothing of the squares of rmsprop.")
    Setting("epsilon", \.epsilon, in: Above(0), "Added to the root that a step is divided by.")
    Setting("bias_correction", \.correctsBias, "Whether adam, adamw and adamax make up for moments that began at 0; absent: true.")
    Setting("weight_decay", \.weightDecay, in: 0..., "Added to the gradient as an L2 penalty; taken off the parameter instead for adamw.")
  }

  package func check() throws(Fault) {
    guard betas.count == 2, betas.allSatisfy({ (0..<1).contains($0) }) else {
      throw Fault(field: "betas", given: "\(betas)", expected: "two numbers from 0 to below 1")
    }
    // As in PyTorch: without momentum there is nothing to look ahead along.
    guard !nesterov || momentum > 0 else { throw Fault(field: "nesterov", given: "true", expected: "false, because momentum is 0") }
  }

  /// What a moment of this decay is of its final size after some steps; 1 where that isn't made up for.
  func bias(_ beta: Float, step: Int) -> Float { correctsBias ?? true ? 1 - beta.raised(to: step) : 1 }

  /// Numbers kept for every parameter between steps.
  var slotCount: Int {
    switch kind {
    case .sgd, .rmsprop: 1
    case .adam, .adamw, .adamax: 2
    }
  }
}
