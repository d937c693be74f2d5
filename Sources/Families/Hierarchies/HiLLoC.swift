package import Modelling
package import Networks
package import Tensors

/// The fully convolutional residual VAE of HiLLoC (Townsend et al. 2020, after Kingma et al. 2016): p(x | z_1) Π p(z_l | z_>l), z_1 being nearest the data.
///
/// It is inferred from the top down, q(z_l | z_>l, x), by what the way up leaves for every layer. All layers are as high and wide as half of the image, of
/// any size: the signature's is the one that was learnt from. Unlike the authors' network it has no channels for autoregressive flows, which theirs
/// computes and doesn't use.
package struct HiLLoC: ModelFamily {
  package static let name = "hilloc"
  package static let summary =
    "Convolutional hierarchical VAE, inferred from the top down, that codes images of any size without loss."
  package static let purpose = FamilyPurpose(.compression, choose: "for photographs, and other images whose sizes differ")

  /// A layer on the way up: x -> (mean and ln deviation of q, features), and features back onto x.
  package struct UpLayer: Module {
    package var first: WeightNormalisedConvolution
    package var second: WeightNormalisedConvolution

    package static let fields: [Field<Self>] = [.child("first", \.first), .child("second", \.second)]

    init(_ configuration: Configuration, _ source: ParameterSource) {
      let (z, h) = (configuration.latent, configuration.hidden)
      first = .head(h, of: 2 * z, features: h, source["first"])
      second = WeightNormalisedConvolution(h, h, .same, source["second"])
    }
  }

  /// A layer on the way down: x -> (moments of p, what those of q are moved by, features), and z beside the features back onto x.
  package struct DownLayer: Module {
    package var first: WeightNormalisedConvolution
    package var second: WeightNormalisedConvolution

    package static let fields: [Field<Self>] = [.child("first", \.first), .child("second", \.second)]

    init(_ configuration: Configuration, _ source: ParameterSource) {
      let (z, h) = (configuration.latent, configuration.hidden)
      first = .head(h, of: 4 * z, features: h, source["first"])
      second = WeightNormalisedConvolution(z + h, h, .same, source["second"])
    }
  }

  package struct Network: Module {
    package var input: WeightNormalisedConvolution
    /// The one nearest the data first.
    package var up: [UpLayer]
    package var down: [DownLayer]
    /// What the way down begins with, at every place: [hidden].
    package var top: Tensor
    package var output: WeightNormalisedTransposedConvolution
    /// ln s of the likelihood, one for all pixels, which begins as wide as grey images are: [1].
    package var logScale: Tensor

    package static let fields: [Field<Self>] = [
      .child("input", \.input), .child("up", \.up), .child("down", \.down), .parameter("top", \.top), .child("output", \.output),
      .parameter("log_scale", \.logScale),
    ]

    init(_ configuration: Configuration, channels: Int, _ source: ParameterSource) {
      let h = configuration.hidden
      input = WeightNormalisedConvolution(channels, h, .half, source["input"])
      up = (0..<configuration.layers).map { UpLayer(configuration, source["up"][$0]) }
      down = (0..<configuration.layers).map { DownLayer(configuration, source["down"][$0]) }
      top = source["top"].tensor([h], .constant(0))
      output = WeightNormalisedTransposedConvolution(h, channels, .half, outputPadding: 1, source["output"])
      logScale = source["log_scale"].tensor([1], .constant(-2))
    }
  }

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    try configuration.validate()
    try signature.check()
    guard case .image(let image) = signature.space, image.range == [0, 255], image.scaling == nil else {
      throw Fault(
        field: "signature.kind", given: signature.space.summary, expected: "images of range [0, 255], which have the likelihood's 256 levels")
    }
    (self.configuration, self.signature) = (configuration, signature)
    network = Network(configuration, channels: image.picture.channels, source)
  }
}

extension ConvolutionGeometry {
  /// An output at every place.
  fileprivate static let same = ConvolutionGeometry(kernel: 3, padding: 1)
  /// An output at every other place of images of even extents; its transpose, with one more row and column, is as large as they are.
  fileprivate static let half = ConvolutionGeometry(kernel: 5, stride: 2, padding: 2)
}

extension WeightNormalisedConvolution {
  /// Moments of distributions, small at the start so that q begins near p, before features.
  fileprivate static func head(_ inputs: Int, of moments: Int, features: Int, _ source: ParameterSource) -> Self {
    let lengths = [Float](repeating: 0.1, count: moments) + [Float](repeating: 1, count: features)
    return WeightNormalisedConvolution(inputs, lengths: lengths, .same, source)
  }
}
