internal import Formats
package import Modelling
internal import Networks
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

    package var latent: Int
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
      self.latent = latent
      self.hidden = hidden
      self.channels = channels
      self.activation = activation
      self.likelihood = likelihood
      self.binarisation = binarisation ?? likelihood.usualBinarisation
      self.deviationFloor = deviationFloor
    }

    package static let table = Table<Self> {
      Setting("latent", \.latent, in: 1...65_536, "Dimensions of z.")
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

  /// The networks before they have weights, every size checked.
  struct Plan: Sendable {
    let channels: Int
    let height: Int
    let width: Int
    private let latent: Int
    private let hidden: Int
    private let features: [Int]
    private let outputs: Int

    init(_ configuration: Configuration, _ signature: Signature) throws(Fault) {
      let image = try configuration.checked(signature)
      (channels, height, width) = (image.channels, image.height, image.width)
      (latent, hidden, features) = (configuration.latent, configuration.hidden, configuration.channels)
      outputs = configuration.likelihood == .bernoulli ? channels : 2 * channels
      guard scalarCount <= VAE.Plan.largestScalarCount else {
        throw Fault(
          field: "hidden", given: "a network of \(scalarCount) numbers", expected: "at most \(VAE.Plan.largestScalarCount)")
      }
    }

    /// Numbers of the features at a quarter of the size.
    private var top: Int { features[1] * (height / 4) * (width / 4) }
    /// Channels of an image and its mask.
    private var inputs: Int { 2 * channels }

    /// Buffers included. The checks of the configuration leave no room for an overflow.
    var scalarCount: Int {
      func linear(_ inputs: Int, _ outputs: Int) -> Int { (inputs + 1) * outputs }
      func block(_ inputs: Int, _ outputs: Int, halves: Bool) -> Int {
        let kernels = 9 * (inputs + outputs) * outputs + 8 * outputs
        return kernels + (halves || inputs != outputs ? inputs * outputs + 4 * outputs : 0)
      }
      let recogniser =
        block(inputs, features[0], halves: true) + block(features[0], features[1], halves: true) + linear(top, hidden) + linear(hidden, 2 * latent)
      let generator =
        linear(latent, hidden) + linear(2 * hidden, top) + block(2 * features[1], features[0], halves: false)
        + block(2 * features[0] + inputs, features[0], halves: false) + linear(features[0], outputs)
      return 2 * recogniser + generator
    }

    func network(key: RandomKey) -> Network {
      func convolution(_ inputs: Int, _ outputs: Int, _ geometry: ConvolutionGeometry, _ key: RandomKey) -> NormalisedConvolution {
        NormalisedConvolution(convolution: Convolution(inputs, outputs, geometry, bias: false, key: key), norm: BatchNorm(outputs))
      }
      func block(_ inputs: Int, _ outputs: Int, stride: Int, _ key: RandomKey) -> ResidualBlock {
        ResidualBlock(
          first: convolution(inputs, outputs, ConvolutionGeometry(kernel: 3, stride: stride, padding: 1), key.split("first")),
          second: convolution(outputs, outputs, ConvolutionGeometry(kernel: 3, padding: 1), key.split("second")),
          shortcut: stride == 1 && inputs == outputs
            ? nil : convolution(inputs, outputs, ConvolutionGeometry(kernel: 1, stride: stride), key.split("shortcut")))
      }
      func recogniser(_ key: RandomKey) -> Recogniser {
        Recogniser(
          first: block(inputs, features[0], stride: 2, key.split("first")), second: block(features[0], features[1], stride: 2, key.split("second")),
          hidden: Linear(top, hidden, key: key.split("hidden")), head: Linear(hidden, 2 * latent, key: key.split("head")))
      }
      let generative = key.split("generative")
      return Network(
        proposal: recogniser(key.split("proposal")), prior: recogniser(key.split("prior")),
        generative: Generator(
          input: Linear(latent, hidden, key: generative.split("input")), hidden: Linear(2 * hidden, top, key: generative.split("hidden")),
          first: block(2 * features[1], features[0], stride: 1, generative.split("first")),
          second: block(2 * features[0] + inputs, features[0], stride: 1, generative.split("second")),
          output: Convolution(features[0], outputs, ConvolutionGeometry(kernel: 1), key: generative.split("output"))))
    }
  }
}

extension VAEACImage.Configuration {
  fileprivate func checked(_ signature: Signature) throws(Fault) -> Picture {
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
