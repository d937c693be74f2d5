package import Modelling
internal import Networks
internal import Tensors

extension CharLSTM {
  /// The shape of the network; the defaults are char-rnn's.
  package struct Configuration: Settings {
    package var hidden: Int
    package var layers: Int
    package var longest: Int

    package init() { self.init(hidden: 128) }

    package init(hidden: Int = 128, layers: Int = 2, longest: Int = 10_000) {
      (self.hidden, self.layers, self.longest) = (hidden, layers, longest)
    }

    package static let table = Table<Self> {
      Setting("hidden", \.hidden, in: 1...65_536, "Units of every layer.")
      Setting("layers", \.layers, in: 1...16, "Layers of the LSTM.")
      Setting(
        "longest", \.longest, in: 1...1_000_000,
        "Characters of a text, at most, that the model is asked about or draws; what it learns from is cut into pieces.")
    }
  }

  /// The network before it has weights, its size checked.
  struct Plan {
    let configuration: Configuration
    let space: TokenSpace

    init(_ configuration: Configuration, _ signature: Signature) throws(Fault) {
      try configuration.validate()
      try signature.check()
      guard let texts = signature.space.tokens else {
        throw Fault(field: "signature.kind", given: signature.space.kind.rawValue, expected: "tokens: this family takes texts")
      }
      self.configuration = configuration
      space = TokenSpace(texts.vocabulary, atMost: configuration.longest)
      guard scalarCount <= VAE.Plan.largestScalarCount else {
        throw Fault(field: "hidden", given: "a network of \(scalarCount) numbers", expected: "at most \(VAE.Plan.largestScalarCount)")
      }
    }

    /// Four gates a unit, of which each sees the layer's inputs and its state and has two biases; then the logits of the characters.
    var scalarCount: Int {
      let (hidden, characters) = (configuration.hidden, space.vocabulary.count)
      return 4 * hidden * (characters + hidden + 2) + (configuration.layers - 1) * 4 * hidden * (2 * hidden + 2) + (hidden + 1) * characters
    }

    /// As char-rnn begins: uniform within 0.08, and forget gates that are open by a bias of 1.
    func network(_ key: RandomKey) -> Network {
      let (hidden, characters) = (configuration.hidden, space.vocabulary.count)
      var network = Network(
        lstm: LSTM(characters, hidden, layers: configuration.layers, key: key), output: Linear(hidden, characters, key: key))
      var place = 0
      network.visit { _, tensor in
        tensor = key.split(place).uniform(tensor.shape).affine(scale: 0.16, shift: -0.08)
        place += 1
      }
      for layer in network.lstm.layers.indices {
        // The gates i, f, g and o.
        var gates = network.lstm.layers[layer].biasIH.split(0, into: 4)
        gates[1] = .ones([hidden])
        network.lstm.layers[layer].biasIH = .concatenated(gates)
      }
      return network
    }
  }
}
