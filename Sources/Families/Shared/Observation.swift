internal import Distributions
internal import Formats
package import Modelling
package import Tensors

/// p(x|z): which distribution the outputs of a decoder are the parameters of.
package struct Observation: Settings {
  package enum Likelihood: String, CaseIterable, SettingValue {
    /// One logit a number; numbers in [0, 1].
    case bernoulli
    /// N(output, deviation²) with one fixed deviation.
    case gaussian
    /// N(output, sd²) with a head of its own for the deviation.
    case gaussianLearned = "gaussian_learned"
    /// Laplace about the output with one fixed deviation, √2 times its scale.
    case laplace
    /// Counts 0...255; a and b are read from a head each.
    case betaBinomial = "beta_binomial"
    /// 256 levels, a logistic of learned scale, the edge bins taking the tails (Kingma et al. 2016).
    case discretisedLogistic = "discretised_logistic"

    fileprivate var usualScale: ScaleReading { self == .betaBinomial ? .softplus : .exp }
  }

  /// How real-valued pixels become the zeros and ones of a Bernoulli.
  package enum Binarisation: String, CaseIterable, SettingValue {
    /// Taken as they are; the "likelihood" of a grey value is then a cross-entropy, not a probability.
    case none
    /// Drawn anew every time with the pixel as probability.
    case dynamic
    /// 1 from one half on.
    case threshold
  }

  /// Chosen anew, it brings its usual reading of scale heads.
  package var likelihood: Likelihood { didSet { scale = likelihood.usualScale } }
  package var binarisation: Binarisation
  /// Of the fixed Gaussian or Laplace, in model units.
  package var deviation: Float
  /// How the head of a learned Gaussian or a logistic is read, or both heads of a beta-binomial.
  package var scale: ScaleReading
  /// Added to a softplus or sigmoid reading; nil: `usualFloor`.
  package var scaleFloor: Float?
  /// Put on the mean head of a Gaussian, Laplace or logistic.
  package var activation: Activation

  package init() { self.init(.bernoulli) }

  package init(
    _ likelihood: Likelihood, binarisation: Binarisation = .none, deviation: Float = 1, scale: ScaleReading? = nil, scaleFloor: Float? = nil,
    activation: Activation = .identity
  ) {
    self.likelihood = likelihood
    self.binarisation = binarisation
    self.deviation = deviation
    self.scale = scale ?? likelihood.usualScale
    self.scaleFloor = scaleFloor
    self.activation = activation
  }

  package static let table = Table<Self> {
    Setting("likelihood", \.likelihood, "p(x|z).")
    Setting("binarisation", \.binarisation, "How pixels become the bits of a Bernoulli.")
    Setting("deviation", \.deviation, in: Above(0), "Of the fixed Gaussian or Laplace, in model units.")
    Setting(
      "likelihood_scale", \.scale, default: .null,
      "How the scale head of a learned Gaussian or logistic is read, or both heads of a beta-binomial; absent: softplus for a beta-binomial, else exp."
    )
    Setting("likelihood_floor", \.scaleFloor, in: 0..., "Added where that reading is softplus or sigmoid; absent: 0.001.")
    Setting("output_activation", \.activation, "On the mean of a Gaussian, Laplace or logistic.")
  }

  package func check() throws(Fault) {
    guard binarisation == .none || likelihood == .bernoulli else {
      throw Fault(field: "binarisation", given: binarisation.rawValue, expected: "none, because the likelihood is \(likelihood.rawValue)")
    }
    try refuseIneffective()
  }

  package var conventions: [String] { hasScaleHead ? ["likelihood_scale"] : [] }

  package mutating func dropIneffective() {
    if !hasFixedDeviation { deviation = 1 }
    if !hasScaleHead { scale = likelihood.usualScale }
    if !hasScaleHead || !scale.hasFloor { scaleFloor = nil }
    if !hasMeanHead { activation = .identity }
  }

  private var hasFixedDeviation: Bool { likelihood == .gaussian || likelihood == .laplace }
  private var hasMeanHead: Bool { likelihood != .bernoulli && likelihood != .betaBinomial }
  private static let usualFloor: Float = 1e-3
  private var floor: Float { scaleFloor ?? Self.usualFloor }

  /// True where the decoder needs a second head.
  package var hasScaleHead: Bool {
    switch likelihood {
    case .bernoulli, .gaussian, .laplace: false
    case .gaussianLearned, .betaBinomial, .discretisedLogistic: true
    }
  }

  /// True where ln p is a density, which changes with the unit of x.
  package var isDensity: Bool {
    switch likelihood {
    case .gaussian, .gaussianLearned, .laplace: true
    case .bernoulli, .betaBinomial, .discretisedLogistic: false
    }
  }

  /// What ln p loses from model units to raw ones; nothing where it is no density.
  package func logVolume(_ signature: Signature) -> Float { isDensity ? signature.space.logVolume : 0 }

  /// The observation model in words.
  package var description: String {
    switch (likelihood, binarisation) {
    case (.bernoulli, .none): "bernoulli cross-entropy of values in [0, 1] as they are"
    case (.bernoulli, .dynamic): "bernoulli, pixels binarised by sampling"
    case (.bernoulli, .threshold): "bernoulli, pixels binarised at one half"
    case (.gaussian, _): "gaussian density of fixed deviation \(deviation) in model units, no dequantisation, density in raw units"
    case (.gaussianLearned, _): "gaussian density of learned deviation, no dequantisation, density in raw units"
    case (.laplace, _): "laplace density of fixed deviation \(deviation) in model units, no dequantisation, density in raw units"
    case (.betaBinomial, _): "beta-binomial over 256 levels"
    case (.discretisedLogistic, _): "discretised logistic over 256 levels"
    }
  }

  /// What an encoder that was trained on `observed` is shown where nothing is drawn: pixels of dynamic binarisation stay the probabilities they are.
  package func shown(_ x: Tensor) -> Tensor {
    switch binarisation {
    case .none, .dynamic: x
    case .threshold: Self.thresholded(x)
    }
  }

  private static func thresholded(_ x: Tensor) -> Tensor { Tensor(shape: x.shape, scalars: x.scalars.map { $0 >= 0.5 ? 1 : 0 }) }

  /// What the likelihood is taken of: x binarised as configured. x: [n, width] in model units.
  package func observed(_ x: Tensor, keys: RowKeys) -> Tensor {
    guard likelihood == .bernoulli else { return x }
    switch binarisation {
    case .none: return x
    case .dynamic: return keys.bernoulli(x)
    case .threshold: return Self.thresholded(x)
    }
  }

  /// Σ ln p(x|z) of every row: [n].
  package func logProbability(of x: Tensor, _ heads: Heads) -> Tensor {
    switch likelihood {
    case .betaBinomial: distribution(heads).logProbability(of: Self.counts(x))
    case .bernoulli, .gaussian, .gaussianLearned, .laplace, .discretisedLogistic: distribution(heads).logProbability(of: x)
    }
  }

  /// E p(x|z) in model units: [n, width].
  package func mean(_ heads: Heads) -> Tensor {
    let mean = distribution(heads).mean
    return likelihood == .betaBinomial ? mean / Self.levels : mean
  }

  /// One draw of p(x|z) a row, in model units: [n, width].
  package func sample(_ heads: Heads, keys: RowKeys) -> Tensor {
    let drawn = distribution(heads).sample(keys)
    switch likelihood {
    case .bernoulli, .gaussian, .gaussianLearned, .laplace: return drawn
    case .betaBinomial: return drawn / Self.levels
    // The very k / 255 that a raw level becomes, so that it comes back as a whole number.
    case .discretisedLogistic: return Self.counts(drawn) / Self.levels
    }
  }

  static let levelCount = 256
  private static let levels = Float(levelCount - 1)

  /// Model units [0, 1] -> counts 0...255, rounded so that a raw level comes back exactly.
  private static func counts(_ x: Tensor) -> Tensor {
    Tensor(shape: x.shape, scalars: x.scalars.map { min(max(($0 * levels).rounded(), 0), levels) })
  }

  func distribution(_ heads: Heads) -> any Distribution {
    switch likelihood {
    case .bernoulli: Bernoulli(logits: heads.location)
    case .gaussian: Normal(mean: activation(heads.location), deviation: Tensor(deviation))
    case .gaussianLearned: scale.normal(mean: activation(heads.location), head: heads.scaleHead, floor: floor)
    case .laplace: Laplace(mean: activation(heads.location), scale: Tensor(deviation * Float(0.5).squareRoot()))
    case .betaBinomial: scale.betaBinomial(a: heads.location, b: heads.scaleHead, floor: floor, trials: Int(Self.levels))
    case .discretisedLogistic:
      DiscretisedLogistic(
        mean: activation(heads.location), logScale: scale.logDeviation(head: heads.scaleHead, floor: floor), levels: Self.levelCount, range: 0...1)
    }
  }

  /// Refuses items to which p(x|z) gives no probability; items: [n, width] in model units.
  package func check(items: Tensor) throws(Fault) {
    guard likelihood == .bernoulli, let outside = items.scalars.first(where: { !(0...1).contains($0) }) else { return }
    throw Fault(
      field: "likelihood", given: "\(likelihood.rawValue) for an item that holds \(outside) in model units",
      expected: "gaussian, gaussian_learned or laplace, or numbers in [0, 1]")
  }

  /// Refuses an observation model that the items of a signature can't have.
  package func check(_ signature: Signature) throws(Fault) {
    switch likelihood {
    case .bernoulli, .gaussian, .gaussianLearned, .laplace: break
    case .betaBinomial, .discretisedLogistic:
      guard case .image(let image) = signature.space, image.range == [0, 255], image.scaling == nil else {
        throw Fault(field: "likelihood", given: likelihood.rawValue, expected: "images of range [0, 255], which have its 256 levels")
      }
    }
  }
}

/// The outputs of a decoder: [n, width] each.
package struct Heads: Sendable {
  package let location: Tensor
  package let scale: Tensor?

  package init(location: Tensor, scale: Tensor? = nil) {
    self.location = location
    self.scale = scale
  }

  fileprivate var scaleHead: Tensor {
    guard let scale else { preconditionFailure("this likelihood has a scale head") }
    return scale
  }
}
