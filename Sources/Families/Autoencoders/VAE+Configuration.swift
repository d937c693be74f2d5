package import Modelling
package import Tensors

extension VAE {
  /// The shape of the network and of p(x|z).
  package struct Configuration: Settings {
    /// How the parameters of a Gaussian, or of p(x|z), share layers.
    package enum HeadLayout: String, CaseIterable, SettingValue {
      /// A layer each.
      case separate
      /// The two halves of one layer.
      case joint
      /// Of one layer, in turn: mean, scale, mean, scale, ...
      case interleaved
    }

    /// p(z).
    package enum Prior: String, CaseIterable, SettingValue {
      /// N(0, I)
      case normal
      /// A mixture of diagonal Gaussians that are learned.
      case mixture
      /// The mean of q(z|u) over inputs u that are learned (Tomczak and Welling 2018).
      case vamp
    }

    /// Numbers of z as the decoder sees them.
    package var latent: Int {
      get { latents?.width ?? givenLatent ?? 0 }
      set { givenLatent = newValue }
    }
    private var givenLatent: Int?
    /// Categorical latent variables in place of Gaussian ones.
    package var latents: CategoricalLatents?
    package var hidden: [Int]
    package var decoderHidden: [Int]?
    package var convolutions: [ConvolutionSpecification]
    /// In place of `hidden` and `convolutions`, and of `decoder_hidden` and the mirrored convolutions.
    package var encoder: [NetworkLayer]?
    package var decoder: [NetworkLayer]?
    /// The layer of a head of q; nil: linear.
    package var head: LayerSpecification?
    package var activation: Activation
    package var batchNorm: Bool
    package var heads: HeadLayout
    package var scale: ScaleReading
    package var scaleFloor: Float
    /// nil: separate.
    package var outputHeads: HeadLayout?
    /// nil: normal.
    package var prior: Prior?
    package var priorComponents: Int?
    /// nil: equally likely components.
    package var priorWeights: VLAC.Configuration.MixtureWeights?
    package var observation: Observation

    package init() {
      self.init(latent: 0)
      givenLatent = nil
    }

    package init(
      latent: Int, hidden: [Int] = usualHidden, decoderHidden: [Int]? = nil, convolutions: [ConvolutionSpecification] = [],
      activation: Activation = .relu,
      batchNorm: Bool = false, heads: HeadLayout = .separate, scale: ScaleReading = .softplus, scaleFloor: Float = 0,
      observation: Observation = Observation(.bernoulli)
    ) {
      givenLatent = latent
      self.hidden = hidden
      self.decoderHidden = decoderHidden
      self.convolutions = convolutions
      self.activation = activation
      self.batchNorm = batchNorm
      self.heads = heads
      self.scale = scale
      self.scaleFloor = scaleFloor
      self.observation = observation
    }

    package static let table = Table<Self> {
      Setting("latent", \.givenLatent, in: 1...65_536, "Dimensions of z, which every model has but for one with categorical latents.")
      Setting(
        "latents", \.latents,
        "Categorical latent variables in place of Gaussian ones, under a prior of equally likely classes: {\"categorical\": [variables, classes]}, of the family vae alone."
      )
      Setting("hidden", \.hidden, in: 1...65_536, lengths: 0...64, of: "layers", "Widths of the encoder's linear layers.")
      Setting(
        "decoder_hidden", \.decoderHidden, in: 1...65_536, lengths: 0...64, of: "layers",
        "Widths of the decoder's linear layers; absent: the encoder's, reversed.")
      Setting(
        "convolutions", \.convolutions, lengths: 0...32, of: "convolutions", expected: "at most 32",
        "Convolutions before the linear layers of an image model, mirrored in the decoder.")
      Setting(
        "encoder", \.encoder, lengths: 0...128, of: "layers",
        "The encoder's layers one by one, in place of hidden and convolutions; what they make goes to the heads of q(z|x).")
      Setting(
        "decoder", \.decoder, lengths: 1...128, of: "layers",
        "The decoder's layers one by one, in place of decoder_hidden and the mirrored convolutions; the last makes the parameters of p(x|z).")
      Setting(
        "head", \.head, "The layer that each head of q(z|x) is: linear, or a convolution, whose maps are z. Absent: linear.")
      Setting("activation", \.activation, "Behind every hidden layer that is not written out.")
      Setting("batch_norm", \.batchNorm, "Batch normalisation before every such activation.")
      Setting("heads", \.heads, "Mean and scale as two layers, as two halves of one, or of one in turn.")
      Setting("scale", \.scale, "How the posterior's scale head is read: sd = ln(1 + e^h), e^h, e^(h/2) or 1 / (1 + e^-h).")
      Setting("scale_floor", \.scaleFloor, in: 0..., "Added to a softplus or sigmoid deviation of the posterior.")
      Setting(
        "prior", \.prior, "p(z): N(0, I), a learned mixture of Gaussians, or the mean of q(z|u) over learned inputs u (VampPrior). Absent: normal.")
      Setting("prior_components", \.priorComponents, in: 1...10_000, "Gaussians, or inputs, of a prior that is learned.")
      Setting("prior_weights", \.priorWeights, "Of a learned prior: equally likely components, or learned weights. Absent: fixed.")
      Part(\.observation)
      Setting("output_heads", \.outputHeads, "Location and scale of p(x|z) as two layers, as two halves of one, or of one in turn. Absent: separate.")
    }

    package func check() throws(Fault) {
      guard latents == nil || givenLatent == nil else {
        throw Fault(field: "latent", given: "\(givenLatent ?? 0)", expected: "nothing beside latents, which say the numbers of z")
      }
      if latents != nil, let kind = prior {
        throw Fault(field: "prior", given: kind.rawValue, expected: "nothing beside latents, whose prior is uniform")
      }
      if latents != nil, head != nil { throw Fault(field: "head", given: "there", expected: "nothing beside latents, whose head is linear") }
      try refuseIneffective()
      if let kind = head?.kind, kind != .linear, kind != .convolution {
        throw Fault(field: "head.kind", given: kind.rawValue, expected: "linear or convolution")
      }
      if head?.activation != nil { throw Fault(field: "head.activation", given: "there", expected: "nothing: the head is a mean or a scale") }
      if encoder != nil, !convolutions.isEmpty {
        throw Fault(field: "convolutions", given: "there", expected: "nothing beside encoder, which says all layers")
      }
      if isPriorLearned, priorComponents == nil {
        throw Fault(field: "prior_components", given: "nothing", expected: "1 to 10000, of a \(prior?.rawValue ?? "") prior")
      }
    }

    package var conventions: [String] { latents == nil ? ["scale"] : [] }

    package mutating func dropIneffective() {
      // One head of logits.
      if latents != nil { (heads, scale) = (.separate, .softplus) }
      if !scale.hasFloor || latents != nil { scaleFloor = 0 }
      if decoder != nil { decoderHidden = nil }
      if encoder != nil, decoder != nil { hidden = Self.usualHidden }
      if !isPriorLearned { (priorComponents, priorWeights) = (nil, nil) }
      if !observation.hasScaleHead { outputHeads = nil }
    }

    var isPriorLearned: Bool { prior ?? .normal != .normal }
    package static let usualHidden = [512, 512]
  }
}
