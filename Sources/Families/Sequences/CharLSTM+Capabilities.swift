internal import Distributions
package import Modelling
internal import Networks
package import Tensors

extension CharLSTM: Scoring {
  package var observationModel: String { "categorical, every character given all before it" }
  package var scoreTerms: [Scores.Term] { [.exact] }

  /// Σ_t ln p(c_t | c_1 ... c_t-1), in double in the order of the text.
  package func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores {
    let texts = space.codes(of: x)
    var nats = [Double](repeating: 0, count: texts.count)
    _ = read(texts.map { $0.isEmpty ? [] : [nothing] + $0.dropLast() }) { piece in
      let codes = piece.steps.flatMap { step in piece.rows.map { texts[$0][step] } }
      let logProbabilities = Categorical(logits: network.output(piece.outputs, .evaluation)).logProbability(ofIndices: codes).scalars
      for (place, value) in logProbabilities.enumerated() { nats[piece.rows[place % piece.rows.count]] += Double(value) }
    }
    return Scores(exact: Tensor(nats.map { Float($0) }))
  }
}

extension CharLSTM: Encoding {
  package var codeForms: [Code.Form] { (0..<configuration.layers).map { _ in .point(width: configuration.hidden) } }

  /// What every layer remembers of a text after its last character: its hidden state.
  package func encode(_ x: Tensor) -> [Code] { read(space.codes(of: x).map { [nothing] + $0 }).hidden.map(Code.point) }
}

extension CharLSTM: Sampling {
  /// One character after the other: c_t ~ softmax(logits / temperature), of temperature 0 the likeliest; what follows the given text, without it.
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    let prompt: [Int]
    switch options.given {
    case .nothing: prompt = []
    case .text(let codes): prompt = codes
    case .label, .component, .layers, .classed: throw Fault(field: "given", given: "a condition", expected: "a text, which a char_lstm goes on from")
    }
    let (n, length) = (keys.count, options.length ?? space.sampleLength)
    guard n > 0 else { return .zeros([0, length]) }
    let (gates, u) = (network.lstm.oneHotGates, keys.split("characters").uniform(length).scalars)
    let inputs = [nothing] + prompt
    var state = read([Array(inputs.dropLast())]).mapped { $0.gather([Int](repeating: 0, count: n)) }
    var (last, text) = ([Int](repeating: inputs[inputs.count - 1], count: n), [Float](repeating: 0, count: n * length))
    for step in 0..<length {
      let outputs: Tensor
      (outputs, state) = network.lstm(oneHot: last, rows: n, from: state, gates: gates)
      let logits = network.output(outputs.reshaped([n, configuration.hidden]), .evaluation)
      last = logits.drawnCategories(at: options.mean ? 0 : options.temperature, (0..<n).map { u[$0 * length + step] })
      for row in 0..<n { text[row * length + step] = Float(last[row]) }
    }
    return Tensor(shape: [n, length], scalars: text)
  }
}
