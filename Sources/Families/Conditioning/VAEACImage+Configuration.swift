internal import Formats
package import Modelling
package import Tensors

extension VAEACImage {
  package struct Configuration: Settings {
    package enum Likelihood: String, CaseIterable, SettingValue {
      /// One logit a number; pixels that are not black or white are binarised.
      case bernoulli
      /// A mean and a deviation a number, pixels in [0, 1].
      case gaussianLearned = "gaussian_learned"

      fileprivate var usualBinarisation: Observation.Binarisation { self == .bernoulli ? .threshold : .none }
    }

    /// Numbers of z as the generative network sees them.
    package var latent: Int {
      get { latents?.width ?? givenLatent ?? Self.usualLatent }
      set { givenLatent = newValue }
    }
    /// nil beside categorical latent variables, and only there.
    private var givenLatent: Int?
    /// Categorical latent variables in place of Gaussian ones; chosen, they take the place of `latent`.
    package var latents: CategoricalLatents? { didSet { givenLatent = latents == nil ? givenLatent ?? Self.usualLatent : nil } }
    private static let usualLatent = 16
    package var hidden: Int
    package var channels: [Int]
    package var activation: Activation
    /// Chosen anew, it brings its usual binarisation.
    package var likelihood: Likelihood { didSet { binarisation = likelihood.usualBinarisation } }
    package var binarisation: Observation.Binarisation
    package var deviationFloor: Float

    package init() { self.init(latent: 16) }

    package init(
      latent: Int = 16, hidden: Int = 256, channels: [Int] = [6, 16], activation: Activation = .leakyReLU, likelihood: Likelihood = .bernoulli,
      binarisation: Observation.Binarisation? = nil, deviationFloor: Float = 0.01
    ) {
      givenLatent = latent
      self.hidden = hidden
      self.channels = channels
      self.activation = activation
      self.likelihood = likelihood
      self.binarisation = binarisation ?? likelihood.usualBinarisation
      self.deviationFloor = deviationFloor
    }

    package static let table = Table<Self> {
      Setting(
        "latents", \.latents,
        "Categorical latent variables in place of Gaussian ones, in the proposal as in the prior given what is known: {\"categorical\": [variables, classes]}."
      )
      Setting("latent", \.givenLatent, in: 1...65_536, "Dimensions of z, which every model has but for one with categorical latents.")
      Setting("hidden", \.hidden, in: 1...65_536, "Width of the linear layers.")
      Setting("channels", \.channels, in: 1...4096, "Channels of features at a half and at a quarter of the image's size.")
      Setting("activation", \.activation, "Behind every hidden layer.")
      Setting("likelihood", \.likelihood, "Of a pixel given z.")
      Setting(
        "binarisation", \.binarisation, default: .null,
        "How pixels become the bits of a Bernoulli; absent: threshold for a Bernoulli, none for a Gaussian.")
      Setting("deviation_floor", \.deviationFloor, in: 1e-4..., expected: "1e-4 or more", "The smallest learned deviation, white less black being 1.")
    }

    package func check() throws(Fault) {
      guard channels.count == 2 else {
        throw Fault(field: "channels", given: "\(channels)", expected: "two numbers: at a half and at a quarter of the image's size")
      }
      guard latents == nil || givenLatent == nil else {
        throw Fault(field: "latent", given: "\(givenLatent ?? 0)", expected: "nothing beside latents, which say the numbers of z")
      }
      try observation.check()
    }

    /// What the likelihood is taken of, and its name; the family reads the parameters itself.
    package var observation: Observation {
      switch likelihood {
      case .bernoulli: Observation(.bernoulli, binarisation: binarisation)
      case .gaussianLearned: Observation(.gaussianLearned, binarisation: binarisation)
      }
    }
  }
}

extension VAEACImage.Configuration {
  /// Refuses what is wrong with this, or with items that aren't images of a size that fits.
  func checked(_ signature: Signature) throws(Fault) -> Picture {
    try validate()
    try signature.check()
    guard let image = signature.space.picture else {
      throw Fault(field: "signature.kind", given: signature.space.kind.rawValue, expected: "images; the family vaeac takes tables and vectors")
    }
    guard image.height % 4 == 0, image.width % 4 == 0 else {
      throw Fault(
        field: "signature.shape", given: "\(image.height) x \(image.width) pixels", expected: "a height and a width that 4 divides")
    }
    guard signature.space.scaling == nil else {
      throw Fault(field: "signature.scaling", given: "there", expected: "none: the range of the pixels says it")
    }
    try observation.check(signature)
    return image
  }
}
