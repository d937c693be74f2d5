internal import Formats
internal import Foundation
package import Modelling
internal import Tensors

/// How a gradient passes the draw of categorical latent variables, which has none of its own.
package struct CategoricalTraining: Settings {
  package enum Estimator: String, CaseIterable, SettingValue {
    /// The draw is relaxed to the simplex, softmax((ln q + g) / τ) with Gumbel noise g (Jang et al. 2017).
    case relaxed
    /// The draw is one-hot, and the gradient passes as if it were the relaxed one.
    case straightThrough = "straight_through"
    /// (f(z) - baseline) ∇ ln q(z|x) at a one-hot draw (Williams 1992).
    case scoreFunction = "score_function"
    /// The same beside the first-order expansion of f at the mean of q, whose expectation has a gradient in closed form (Gu et al. 2016).
    case muProp = "muprop"
    /// f at every class of one variable, the others as they were drawn (Titsias and Lázaro-Gredilla 2015); exact for a single variable.
    case marginalised

    /// Whether it has a temperature.
    var isRelaxed: Bool { self == .relaxed || self == .straightThrough }
    /// Whether it has a baseline.
    var isScored: Bool { self == .scoreFunction || self == .muProp }
  }

  package enum Baseline: String, CaseIterable, SettingValue {
    case none
    /// A running mean, and a running deviation to divide by where it is above 1 (Mnih and Gregor 2014).
    case running
    /// The running mean and a network's guess at the signal of every item; it leaves the gradient without bias.
    case network
  }

  // Absent: relaxed, 1, 0.5, 3e-5, 1000, network.
  package var estimator: Estimator?
  package var temperature: Float?
  package var temperatureFinal: Float?
  package var temperatureRate: Float?
  package var temperatureSteps: Int?
  package var baseline: Baseline?

  package init() {}

  package init(_ estimator: Estimator?, baseline: Baseline? = nil) { (self.estimator, self.baseline) = (estimator, baseline) }

  package static let table = Table<Self> {
    Setting(
      "estimator", \.estimator, writesNull: true,
      "Of categorical latent variables, how a gradient passes their draw: relaxed (Gumbel-softmax), straight_through, score_function, muprop, or "
        + "marginalised, which sums over the classes of one variable at a time. Absent: relaxed.")
    Setting(
      "temperature", \.temperature, in: 0.01...100, writesNull: true,
      "Of relaxed and straight_through, where it starts; gradients grow noisy below 0.1. Absent: 1.")
    Setting(
      "temperature_final", \.temperatureFinal, in: 0.01...100, writesNull: true,
      "The least temperature. Absent: 0.5, or temperature where that is less.")
    Setting(
      "temperature_rate", \.temperatureRate, in: 0...1, writesNull: true,
      "r of max(temperature_final, temperature exp(-r t)), t being the batches so far. Absent: 3e-5.")
    Setting("temperature_steps", \.temperatureSteps, in: 1...1_000_000, writesNull: true, "Batches for which a temperature holds. Absent: 1000.")
    Setting(
      "baseline", \.baseline, writesNull: true,
      "Of score_function and muprop, what is taken from the signal: none, a running mean with a deviation to divide by, or a network of the item. Absent: network."
    )
  }

  package func check() throws(Fault) {
    let kind = chosen
    if !kind.isRelaxed {
      let given: [(String, Bool)] = [
        ("temperature", temperature != nil), ("temperature_final", temperatureFinal != nil), ("temperature_rate", temperatureRate != nil),
        ("temperature_steps", temperatureSteps != nil),
      ]
      if let name = given.first(where: \.1)?.0 {
        throw Fault(field: name, given: "there", expected: "nothing beside the estimator \(kind.rawValue), which relaxes nothing")
      }
    }
    if baseline != nil, !kind.isScored {
      throw Fault(field: "baseline", given: "there", expected: "nothing beside the estimator \(kind.rawValue): score_function and muprop have one")
    }
    if let last = temperatureFinal, last > start {
      throw Fault(field: "temperature_final", given: "\(last)", expected: "at most the temperature at the start, \(start)")
    }
  }

  /// Classes of all variables that `marginalised` may sum over, each a pass through the decoder.
  static let mostPasses = 128

  /// Refuses options that latent variables of these kind have no use for, or can't pay for; nil: Gaussian ones.
  func check(for latents: CategoricalLatents?) throws(Fault) {
    guard let latents else {
      guard self == CategoricalTraining() else {
        let first = Self.table.settings.first { $0.value(self) != .null }
        throw Fault(
          field: first?.field.name ?? "estimator", given: "there",
          expected: "nothing beside Gaussian latent variables: it is of configuration.latents")
      }
      return
    }
    guard chosen != .marginalised || latents.width <= Self.mostPasses else {
      throw Fault(
        field: "estimator", given: "marginalised over \(latents.variables) x \(latents.classes) classes",
        expected: "another one, or at most \(Self.mostPasses) classes of all variables: each is a pass through the decoder in every step")
    }
  }

  var chosen: Estimator { estimator ?? .relaxed }
  var chosenBaseline: Baseline { baseline ?? .network }
  private var start: Float { temperature ?? 1 }

  /// τ = max(τ_final, τ_0 exp(-r t)), t renewed every some batches (Jang et al. 2017).
  package func temperature(step: Int) -> Float {
    let every = temperatureSteps ?? 1000
    let t = Float(step / every * every)
    return max(temperatureFinal ?? min(0.5, start), start * exp(-(temperatureRate ?? 3e-5) * t))
  }
}
