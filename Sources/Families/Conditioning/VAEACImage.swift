internal import Distributions
package import Modelling
package import Networks
package import Tensors

/// The variational autoencoder with arbitrary conditioning (Ivanov et al. 2019) for images: inpaints any missing pixels.
///
/// Three networks as in `VAEAC`, of residual blocks of convolutions: the proposal q(z | x, b), which sees the whole image; the prior
/// p(z | x_1-b, b); and the generative network, which decodes z beside the prior network's features. The layout and, by default, the sizes are those of
/// the authors' MNIST network. With two channels of features c1 and c2 and images of 28 x 28:
///
///     prior, proposal   [image, mask] -> c1 x 14 x 14 -> c2 x 7 x 7 -> hidden -> (μ, σ), or logits of categorical variables
///     generative        z -> hidden + hidden -> c2 x 7 x 7 + c2 -> c1 x 14 x 14 + c1 -> c1 x 28 x 28 + [image, mask] -> pixels
package struct VAEACImage: ModelFamily {
  package static let name = "vaeac_image"
  package static let summary = "Variational autoencoder with arbitrary conditioning: inpaints any missing pixels of an image."
  package static let purpose = FamilyPurpose(.imputation, choose: "for images with missing pixels")

  /// A convolution without bias and batch normalisation.
  package struct NormalisedConvolution: Module {
    package var convolution: Convolution
    package var norm: BatchNorm

    package static let fields: [Field<Self>] = [.child("convolution", \.convolution), .child("norm", \.norm)]

    init(_ inputs: Int, _ outputs: Int, _ geometry: ConvolutionGeometry, _ source: ParameterSource) {
      convolution = Convolution(inputs, outputs, geometry, bias: false, source)
      norm = BatchNorm(outputs, source)
    }

    func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { norm(convolution(x, mode), mode) }
  }

  /// f(norm(conv3x3(f(norm(conv3x3(x))))) + shortcut(x)), the shortcut being norm(conv1x1(x)) where the shape changes and f the activation.
  package struct ResidualBlock: Module {
    package var first: NormalisedConvolution
    package var second: NormalisedConvolution
    package var shortcut: NormalisedConvolution?

    package static let fields: [Field<Self>] = [.child("first", \.first), .child("second", \.second), .child("shortcut", \.shortcut)]

    init(_ inputs: Int, _ outputs: Int, stride: Int = 1, _ source: ParameterSource) {
      first = NormalisedConvolution(inputs, outputs, ConvolutionGeometry(kernel: 3, stride: stride, padding: 1), source["first"])
      second = NormalisedConvolution(outputs, outputs, ConvolutionGeometry(kernel: 3, padding: 1), source["second"])
      let keepsShape = stride == 1 && inputs == outputs
      shortcut = keepsShape ? nil : NormalisedConvolution(inputs, outputs, ConvolutionGeometry(kernel: 1, stride: stride), source["shortcut"])
    }

    func callAsFunction(_ x: Tensor, _ activation: Activation, _ mode: Mode) -> Tensor {
      activation(second(activation(first(x, mode)), mode) + (shortcut?(x, mode) ?? x))
    }
  }

  /// Two blocks that halve the image, a linear layer and the head of a normal, or of categorical variables.
  package struct Recogniser: Module {
    package var first: ResidualBlock
    package var second: ResidualBlock
    package var hidden: Linear
    package var head: Linear

    package static let fields: [Field<Self>] = [
      .child("first", \.first), .child("second", \.second), .child("hidden", \.hidden), .child("head", \.head),
    ]
  }

  package struct Generator: Module {
    package var input: Linear
    package var hidden: Linear
    package var first: ResidualBlock
    package var second: ResidualBlock
    package var output: Convolution

    package static let fields: [Field<Self>] = [
      .child("input", \.input), .child("hidden", \.hidden), .child("first", \.first), .child("second", \.second), .child("output", \.output),
    ]
  }

  package struct Network: Module {
    package var proposal: Recogniser
    package var prior: Recogniser
    package var generative: Generator

    package static let fields: [Field<Self>] = [
      .child("proposal", \.proposal), .child("prior", \.prior), .child("generative", \.generative),
    ]

    init(_ configuration: Configuration, _ picture: Picture, _ source: ParameterSource) {
      let (latent, hidden, features) = (configuration.latent, configuration.hidden, configuration.channels)
      // Channels of an image and its mask, and numbers of the features at a quarter of the size.
      let (inputs, top) = (2 * picture.channels, features[1] * (picture.height / 4) * (picture.width / 4))
      func recogniser(_ source: ParameterSource) -> Recogniser {
        Recogniser(
          first: ResidualBlock(inputs, features[0], stride: 2, source["first"]),
          second: ResidualBlock(features[0], features[1], stride: 2, source["second"]), hidden: Linear(top, hidden, source["hidden"]),
          head: Linear(hidden, configuration.latents == nil ? 2 * latent : latent, source["head"]))
      }
      (proposal, prior) = (recogniser(source["proposal"]), recogniser(source["prior"]))
      let (source, outputs) = (source["generative"], configuration.likelihood == .bernoulli ? picture.channels : 2 * picture.channels)
      generative = Generator(
        input: Linear(latent, hidden, source["input"]), hidden: Linear(2 * hidden, top, source["hidden"]),
        first: ResidualBlock(2 * features[1], features[0], source["first"]),
        second: ResidualBlock(2 * features[0] + inputs, features[0], source["second"]),
        output: Convolution(features[0], outputs, ConvolutionGeometry(kernel: 1), source["output"]))
    }
  }

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network
  let picture: Picture

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    picture = try configuration.checked(signature)
    (self.configuration, self.signature) = (configuration, signature)
    network = Network(configuration, picture, source)
  }
}

// MARK: The three networks

extension VAEACImage {
  /// What one recogniser found, and what the generative network takes from it where it is the prior's.
  package struct Evidence {
    package let belief: Belief
    /// [image, mask], and the features after each block: [n, channels, height, width].
    let input: Tensor
    let first: Tensor
    let second: Tensor
    /// [n, hidden]
    let hidden: Tensor
  }

  /// 1 where a number is NaN, which is hidden and has no likelihood: [n, width].
  func missing(_ x: Tensor) -> Tensor { Tensor(shape: x.shape, scalars: x.scalars.map { $0.isNaN ? 1 : 0 }) }

  /// x where `hidden` is 0 and zero elsewhere, whatever stands there: [n, width].
  func masked(_ x: Tensor, _ hidden: Tensor) -> Tensor {
    let count = x.count
    return Tensor(shape: x.shape) { y in
      x.withScalars { x in hidden.withScalars { hidden in for i in 0..<count { y[i] = hidden[i] == 0 ? x[i] : 0 } } }
    }
  }

  private func recognise(_ network: Recogniser, _ x: Tensor, hidden: Tensor, _ mode: Mode) -> Evidence {
    let image: Shape = [x.shape[0], picture.channels, picture.height, picture.width]
    let input = Tensor.concatenated([x.reshaped(image), hidden.reshaped(image)], axis: 1)
    let activation = configuration.activation
    let first = network.first(input, activation, mode)
    let second = network.second(first, activation, mode)
    let h = activation(network.hidden(second.flattened(), mode))
    let head = network.head(h, mode)
    let belief = configuration.latents.map { .categorical($0.distribution(head)) } ?? Belief.gaussian(ArbitraryConditioning.normal(head))
    return Evidence(belief: belief, input: input, first: first, second: second, hidden: h)
  }

  /// p(z | x_1-b, b); `hidden` is 1 where a number is to be generated: [n, width].
  package func evidence(_ network: Network, _ x: Tensor, hidden: Tensor, _ mode: Mode) -> Evidence {
    recognise(network.prior, masked(x, hidden), hidden: hidden, mode)
  }

  /// q(z | x, b), which sees every number; `known` has zeros for those that are not there.
  func proposal(_ network: Network, _ known: Tensor, hidden: Tensor, _ mode: Mode) -> Belief {
    recognise(network.proposal, known, hidden: hidden, mode).belief
  }

  /// p(x_b | z, x_1-b, b) of every number: [n, width].
  func decode(_ network: Network, _ z: Tensor, _ evidence: Evidence, _ mode: Mode) -> any Factorised {
    let (generative, activation) = (network.generative, configuration.activation)
    var h = activation(generative.input(z, mode))
    h = activation(generative.hidden(Tensor.concatenated([h, evidence.hidden], axis: 1), mode))
    var features = Tensor.concatenated([h.reshaped(evidence.second.shape), evidence.second], axis: 1)
    features = generative.first(features.upsampledNearest(factor: 2), activation, mode)
    features = Tensor.concatenated([features, evidence.first], axis: 1)
    features = Tensor.concatenated([features.upsampledNearest(factor: 2), evidence.input], axis: 1)
    let output = generative.output(generative.second(features, activation, mode), mode)
    switch configuration.likelihood {
    case .bernoulli: return Bernoulli(logits: output.flattened())
    case .gaussianLearned:
      let parts = output.split(1, into: 2)
      let deviation = ArbitraryConditioning.deviation(parts[1].flattened(), floor: configuration.deviationFloor)
      return Normal(mean: parts[0].flattened(), deviation: deviation)
    }
  }
}

// MARK: What it can do

extension VAEACImage: Imputing {
  package func impute(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts) -> Imputation {
    let missing = missing(x)
    let observed = configuration.observation.observed(x, keys: keys.split("binarise"))
    let evidence = evidence(network, observed, hidden: missing, .evaluation)
    let count = max(draws, 1)
    var (mean, square, samples) = (Tensor.zeros(x.shape), Tensor.zeros(x.shape), [Tensor]())
    for draw in 0..<count {
      let pixels = decode(network, evidence.belief.sample(keys.split("latent").split(draw)), evidence, .evaluation)
      let centre = pixels.mean
      mean = mean + centre / Float(count)
      square = square + (pixels.variance + centre.squared()) / Float(count)
      if wanted.contains(.draws) { samples.append(pixels.sample(keys.split("pixels").split(draw))) }
    }
    // Var = E[σ² + μ²] - E[μ]²
    let variance = (square - mean.squared()).clamped(low: 0, high: .greatestFiniteMagnitude)
    return Imputation(
      draws: samples, point: mean, marginals: wanted.contains(.marginals) ? [.pixels(mean: mean, deviation: variance.squareRoot())] : [])
  }
}

extension VAEACImage: ConditionalScoring {
  package var observationModel: String { configuration.observation.description }

  /// With b = 1 for targets and missing numbers.
  package func score(_ x: Tensor, targets: Tensor, draws: Int, estimator: ConditionalEstimator, keys: RowKeys) -> Scores {
    let missing = missing(x)
    let hidden = Tensor.maximum(missing, targets)
    let weights = hidden - missing
    let known = masked(configuration.observation.observed(x, keys: keys.split("binarise")), missing)
    let evidence = evidence(network, known, hidden: hidden, .evaluation)
    let q = proposal(network, known, hidden: hidden, .evaluation)
    let volumes = logVolumes(weights)
    return ArbitraryConditioning.scores(draws: draws, q: q, prior: evidence.belief, estimator: estimator, keys: keys) { z in
      decode(network, z, evidence, .evaluation).logProbability(of: known, weights: weights) - volumes
    }
  }

  /// What the density of the numbers of weight 1 in model units loses in raw units; none for a Bernoulli, which has no density: [n].
  func logVolumes(_ weights: Tensor) -> Tensor {
    configuration.observation.isDensity ? weights.rowSums() * (signature.space.logVolume / Float(signature.width)) : .zeros([weights.shape[0]])
  }
}
