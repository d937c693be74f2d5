internal import Distributions
package import Modelling
package import Networks
internal import Tensors

/// A VAE of texts (Bowman et al. 2016): one LSTM reads a text into q(z|x), another writes it, every character given z and all before it.
///
///     z ~ p(z)   p(x|z) = Π_t p(c_t | c_<t, z)
///     h_t, s_t = LSTM((one-hot(c_t-1), z), h_t-1, s_t-1)   p(c_t) = softmax(W h_t + b)
///
/// Such a decoder can do without its code; `CommittedCode` keeps it in use (δ-VAE, Razavi et al. 2019). The encoder reads from the last
/// character to the first, and all of z goes into every step. p(x|z) is of the characters of a text of a given length: of lengths the model says nothing.
package struct TextVAE: ModelFamily {
  package static let name = "text_vae"
  package static let summary =
    "VAE of texts: an LSTM reads a text into a code, another writes it character by character; prior and posterior can commit it to a least rate."
  package static let purpose = FamilyPurpose(.texts, choose: "for a code of each of many short texts: to compare them, vary them, and draw new ones")

  package struct Network: Module {
    package var encoder: LSTM
    package var mean: Linear
    package var scale: Linear
    /// What z adds to the gates of the decoder's first layer at every step.
    package var code: Linear
    package var decoder: LSTM
    package var output: Linear

    package static let fields: [Field<Self>] = [
      .child("encoder", \.encoder), .child("mean", \.mean), .child("scale", \.scale), .child("code", \.code), .child("decoder", \.decoder),
      .child("output", \.output),
    ]
  }

  package let configuration: Configuration
  /// The vocabulary that it learnt, and texts as long as the configuration allows.
  package let signature: Signature
  package var network: Network
  /// p(z), and what q(z|x) can be.
  package let code: CommittedCode
  let space: TokenSpace

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    try configuration.validate()
    try signature.check()
    guard let texts = signature.space.tokens else {
      throw Fault(field: "signature.kind", given: signature.space.kind.rawValue, expected: "tokens: this family takes texts")
    }
    (self.configuration, code) = (configuration, configuration.committed.code)
    space = TokenSpace(texts.vocabulary, atMost: configuration.longest ?? texts.atMost)
    self.signature = Signature(.tokens(space))
    let (characters, hidden) = (texts.vocabulary.count, configuration.hidden)
    network = Network(
      encoder: LSTM(characters, hidden, layers: configuration.layers, source["encoder"]), mean: Linear(hidden, code.width, source["mean"]),
      scale: Linear(hidden, code.width, source["scale"]), code: Linear(code.width, 4 * hidden, bias: false, source["code"]),
      decoder: LSTM(characters, hidden, layers: configuration.layers, source["decoder"]), output: Linear(hidden, characters, source["output"]))
  }

  /// The code of nothing, which stands before every text, and behind those that are shorter than others.
  private var nothing: Int { space.vocabulary.count }
}

// MARK: - The factors

extension TextVAE {
  /// q(z|x) of texts: as many rows.
  func posterior(_ network: Network, _ texts: [[Int]]) -> Normal {
    let states = blocks(of: texts).map { rows -> Tensor in
      let texts = texts[rows].map { Array($0.reversed()) }
      let steps = texts.map(\.count).max() ?? 0
      let (outputs, _) = network.encoder(oneHot: stepByStep(texts, steps), rows: texts.count)
      // The state behind the last character that was read; what comes after it is of longer texts.
      let last = texts.enumerated().map { row, text in max(text.count - 1, 0) * texts.count + row }
      return outputs.reshaped([steps * texts.count, configuration.hidden]).gather(last)
    }
    let h = states.isEmpty ? Tensor.zeros([0, configuration.hidden]) : Tensor.concatenated(states)
    return code.posterior(mean: network.mean(h, .evaluation), scale: network.scale(h, .evaluation))
  }

  /// Σ_t ln p(c_t | c_<t, z): [n].
  func logLikelihood(_ network: Network, _ texts: [[Int]], _ z: Tensor) -> Tensor {
    let parts = blocks(of: texts).map { rows -> Tensor in
      let texts = Array(texts[rows])
      let (n, steps) = (texts.count, texts.map(\.count).max() ?? 0)
      let inputs = stepByStep(texts.map { [nothing] + $0.dropLast() }, steps)
      let (outputs, _) = network.decoder(oneHot: inputs, rows: n, plus: network.code(z.slice(0, rows), .evaluation))
      let own = texts.enumerated().flatMap { row, text in text.indices.map { $0 * n + row } }
      let read = outputs.reshaped([steps * n, configuration.hidden]).gather(own)
      let nats = Categorical(logits: network.output(read, .evaluation)).logProbability(ofIndices: texts.flatMap { $0 })
      // Rows as long as the longest text that there could be, so that a sum is the same whatever texts stand beside it; behind an end
      // there are zeros.
      var (places, first) = ([Int](), 0)
      places.reserveCapacity(n * space.atMost)
      for text in texts {
        places += first..<first + text.count
        places += repeatElement(own.count, count: space.atMost - text.count)
        first += text.count
      }
      return Tensor.concatenated([nats, .zeros([1])]).gather(places).reshaped([n, space.atMost]).rowSums()
    }
    return parts.isEmpty ? .zeros([0]) : Tensor.concatenated(parts)
  }

  /// Characters one after the other, each from softmax(logits / temperature), of temperature 0 the likeliest: [n, length].
  func draw(_ z: Tensor, length: Int, temperature: Float, keys: RowKeys) -> Tensor {
    let n = z.shape[0]
    guard n > 0 else { return .zeros([0, length]) }
    let (gates, offsets, u) = (network.decoder.oneHotGates, network.code(z, .evaluation), keys.split("characters").uniform(length).scalars)
    var (state, last, text) = (network.decoder.start(rows: n), [Int](repeating: nothing, count: n), [Float](repeating: 0, count: n * length))
    for step in 0..<length {
      let outputs: Tensor
      (outputs, state) = network.decoder(oneHot: last, rows: n, from: state, gates: gates, plus: offsets)
      let logits = network.output(outputs.reshaped([n, configuration.hidden]), .evaluation)
      last = logits.drawnCategories(at: temperature, (0..<n).map { u[$0 * length + step] })
      for row in 0..<n { text[row * length + step] = Float(last[row]) }
    }
    return Tensor(shape: [n, length], scalars: text)
  }

  /// Steps outermost; a sequence goes on with nothing behind its end.
  private func stepByStep(_ sequences: [[Int]], _ steps: Int) -> [Int] {
    (0..<steps).flatMap { step in sequences.map { step < $0.count ? $0[step] : nothing } }
  }

  /// Numbers of gates that stand in memory at once.
  private static let blockGates = 1 << 22

  /// Texts that go through a network together; the cut changes no bit.
  private func blocks(of texts: [[Int]]) -> [Range<Int>] {
    let steps = texts.map(\.count).max() ?? 0
    let rows = max(1, Self.blockGates / max(4 * configuration.hidden * max(steps, 1), space.atMost))
    return stride(from: 0, to: texts.count, by: rows).map { $0..<min($0 + rows, texts.count) }
  }
}
