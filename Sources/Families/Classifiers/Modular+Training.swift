package import Modelling
package import Optimisation
package import Tensors

extension Modular: Trainable {
  /// How compositions are found while a modular network is trained.
  package struct TrainingOptions: Settings {
    package enum Method: String, CaseIterable, SettingValue {
      /// Hard expectation maximisation: every item remembers the best composition that was found for it.
      case em
      /// One draw of p(a|x) an item, whose reward ln p(y|x, a) moves the controllers (Williams 1992).
      case reinforce
      /// Gates of noisy logits, through which gradients reach the controllers (Shazeer et al. 2017).
      case noisyTopK = "noisy_top_k"
    }

    package var method: Method
    /// S, compositions that an E-step compares for an item, the remembered one among them.
    package var samples: Int
    /// Batches from one E-step to the next.
    package var expectationEvery: Int
    /// Weight of how unevenly gates are spread over modules.
    package var balance: Float

    package init() { self.init(method: .em) }

    package init(method: Method, samples: Int = 10, expectationEvery: Int = 10, balance: Float = 0.1) {
      (self.method, self.samples, self.expectationEvery, self.balance) = (method, samples, expectationEvery, balance)
    }

    package static let table = Table<Self> {
      Setting(
        "method", \.method,
        "Hard EM with a composition remembered for every item, or one of two methods that are known to fail: REINFORCE, noisy top k gates.")
      Setting("samples", \.samples, in: 2...1000, "Compositions that an E-step compares for an item, the remembered one among them.")
      Setting("e_step_every", \.expectationEvery, in: 1...1_000_000, "Batches from one E-step to the next.")
      Setting(
        "balance", \.balance, in: 0..., "Weight of the squared coefficient of variation of the modules' summed gates, of noisy_top_k.")
    }
  }

  package static var learnsFrom: LearningInputs { [.labels, .everyLabel] }

  package func check(_ options: TrainingOptions) throws(Fault) {
    try options.validate()
    guard (options.method == .noisyTopK) == (configuration.selection == .topK) else {
      let method = options.method == .noisyTopK ? "em or reinforce" : "noisy_top_k"
      throw Fault(
        field: "method", given: options.method.rawValue,
        expected: "\(method), for a configuration whose selection is \(configuration.selection.rawValue)")
    }
  }

  package func check(items: Tensor) throws(Fault) {}

  package func learner(_ options: TrainingOptions, _ descent: Descent) -> ModularLearner { ModularLearner(self, options, descent) }
}
