package import Modelling
package import Tensors

extension DeltaVAE {
  /// The code, the encoder of the short form of a VAE's, and the decoder.
  package struct Configuration: Settings {
    package var committed: CommittedCodeSettings
    package var hidden: [Int]
    package var convolutions: [ConvolutionSpecification]
    package var activation: Activation
    package var channels: Int
    package var layers: Int
    package var kernel: Int
    package var observation: Observation

    package init() { self.init(CommittedCodeSettings()) }

    package init(
      _ committed: CommittedCodeSettings, hidden: [Int] = [256], convolutions: [ConvolutionSpecification] = [], activation: Activation = .relu,
      channels: Int = 32, layers: Int = 5, kernel: Int = 7, observation: Observation = Observation(.bernoulli)
    ) {
      (self.committed, self.hidden, self.convolutions, self.activation) = (committed, hidden, convolutions, activation)
      (self.channels, self.layers, self.kernel, self.observation) = (channels, layers, kernel, observation)
    }

    package static let table = Table<Self> {
      Part(\.committed)
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
      guard kernel % 2 == 1 else { throw Fault(field: "kernel", given: "\(kernel)", expected: "an odd number: it has a pixel in its middle") }
    }
  }
}
