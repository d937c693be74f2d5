package import Modelling
package import Tensors

extension DeltaVAE {
  /// The code, the encoder of the short form of a VAE's, and the decoder.
  package struct Configuration: Settings {
    /// What keeps the code in use.
    package enum CodeKind: String, CaseIterable, SettingValue {
      /// Nothing: N(0, I) and any Gaussian posterior. With this decoder the code is all but ignored.
      case standard
      /// A prior whose steps hang together, and a posterior whose steps don't.
      case ar1
      /// A posterior that is kept away from the prior.
      case constrained
    }

    package var latent: Int
    package var code: CodeKind
    package var steps: Int?
    package var correlation: Double?
    package var delta: Double?
    package var hidden: [Int]
    package var convolutions: [ConvolutionSpecification]
    package var activation: Activation
    package var channels: Int
    package var layers: Int
    package var kernel: Int
    package var observation: Observation

    package init() { self.init(latent: 0) }

    package init(
      latent: Int, code: CodeKind = .standard, steps: Int? = nil, correlation: Double? = nil, delta: Double? = nil, hidden: [Int] = [256],
      convolutions: [ConvolutionSpecification] = [], activation: Activation = .relu, channels: Int = 32, layers: Int = 5, kernel: Int = 7,
      observation: Observation = Observation(.bernoulli)
    ) {
      (self.latent, self.code, self.steps, self.correlation, self.delta) = (latent, code, steps, correlation, delta)
      (self.hidden, self.convolutions, self.activation) = (hidden, convolutions, activation)
      (self.channels, self.layers, self.kernel, self.observation) = (channels, layers, kernel, observation)
    }

    package static let table = Table<Self> {
      Setting("latent", \.latent, in: 1...65_536, required: true, "Dimensions of z, of ar1 those of one step.")
      Setting(
        "code", \.code,
        "What keeps the code in use: nothing, an AR(1) prior over its steps beside a posterior of independent ones, or a posterior whose mean is kept away "
          + "from 0.")
      Setting("steps", \.steps, in: 2...4096, "Steps of an ar1 code.")
      Setting(
        "correlation", \.correlation, in: Between(0, 1),
        "a of an ar1 code, z_t = a z_t-1 + sqrt(1 - a²) e: of n steps each dimension costs ½ [(n - 2) ln(1 + a²) - ln(1 - a²)] nats or more.")
      Setting("delta", \.delta, in: Above(0), "Nats that every dimension of a constrained code costs or more.")
      Setting("hidden", \.hidden, in: 1...65_536, lengths: 0...64, of: "layers", "Widths of the encoder's linear layers.")
      Setting(
        "convolutions", \.convolutions, lengths: 0...32, of: "convolutions", expected: "at most 32",
        "Convolutions of the encoder before its linear layers.")
      Setting("activation", \.activation, "Behind every hidden layer of the encoder.")
      Setting("channels", \.channels, in: 1...1024, "Channels of features of the decoder, each of both stacks.")
      Setting("layers", \.layers, in: 1...128, "Gated layers of the decoder.")
      Setting(
        "kernel", \.kernel, in: 3...31, "What the decoder's first layer sees of a square of so many pixels: those before the one in its middle; odd.")
      Part(\.observation)
    }

    package func check() throws(Fault) {
      try refuseIneffective()
      guard kernel % 2 == 1 else { throw Fault(field: "kernel", given: "\(kernel)", expected: "an odd number: it has a pixel in its middle") }
      if code == .ar1, steps == nil { throw Fault(field: "steps", given: "nothing", expected: "2 to 4096, of a code of ar1") }
      if code == .ar1, correlation == nil {
        throw Fault(field: "correlation", given: "nothing", expected: "a number between 0 and 1, of a code of ar1")
      }
      if code == .constrained, delta == nil { throw Fault(field: "delta", given: "nothing", expected: "a positive number, of a constrained code") }
    }

    package mutating func dropIneffective() {
      if code != .ar1 { (steps, correlation) = (nil, nil) }
      if code != .constrained { delta = nil }
    }

    /// - Precondition: valid.
    package var committed: CommittedCode {
      switch code {
      case .standard: .standard(latent: latent)
      case .ar1: .ar1(latent: latent, steps: steps ?? 2, correlation: correlation ?? 0)
      case .constrained: .constrained(latent: latent, delta: delta ?? 0)
      }
    }
  }
}
