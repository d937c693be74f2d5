package import Modelling
package import Networks
internal import Tensors

/// A recurrent network over the characters of texts (Karpathy 2015, char-rnn): ln p(text) = Σ_t ln p(c_t | c_1 ... c_t-1), exact.
///
///     h_t, s_t = LSTM(one-hot(c_t-1), h_t-1, s_t-1),   p(c_t) = softmax(W h_t + b)
///
/// Before the first character stands nothing: an input of zeros. Names and layouts follow PyTorch's `nn.LSTM` (`lstm`) and `nn.Linear` (`output`).
package struct CharLSTM: ModelFamily {
  package static let name = "char_lstm"
  package static let summary =
    "Recurrent network over the characters of texts: an LSTM in layers predicts each one from all before it; its likelihoods are exact."
  package static let purpose = FamilyPurpose(.texts, choose: "to go on with a text, or to score one, character by character")

  package struct Network: Module {
    package var lstm: LSTM
    package var output: Linear

    package static let fields: [Field<Self>] = [.child("lstm", \.lstm), .child("output", \.output)]

    /// As char-rnn begins: uniform within 0.08, and forget gates that are open by a bias of 1.
    init(_ configuration: Configuration, characters: Int, _ source: ParameterSource) {
      let hidden = configuration.hidden
      lstm = LSTM(characters, hidden, layers: configuration.layers, .counting)
      output = Linear(hidden, characters, .counting)
      var place = 0
      visit { _, tensor in
        tensor = source[place].tensor(tensor.shape, .uniform(within: 0.08))
        place += 1
      }
      for layer in lstm.layers.indices {
        // The second of the gates i, f, g and o.
        source.revise(&lstm.layers[layer].biasIH) { for unit in hidden..<2 * hidden { $0[unit] = 1 } }
      }
    }
  }

  package let configuration: Configuration
  /// The vocabulary that it learnt, and texts as long as the configuration allows.
  package let signature: Signature
  package var network: Network
  let space: TokenSpace

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    try configuration.validate()
    try signature.check()
    guard let texts = signature.space.tokens else {
      throw Fault(field: "signature.kind", given: signature.space.kind.rawValue, expected: "tokens: this family takes texts")
    }
    self.configuration = configuration
    space = TokenSpace(texts.vocabulary, atMost: configuration.longest)
    self.signature = Signature(.tokens(space))
    network = Network(configuration, characters: texts.vocabulary.count, source)
  }

  /// The code of nothing, which stands before every text.
  var nothing: Int { space.vocabulary.count }
}

// MARK: - Going through texts

extension CharLSTM {
  /// Steps that are computed together; the cut changes no bit.
  private static let pieceSteps = 64

  /// What the network makes of some steps of some texts: of text `rows[r]` at step `steps[s]` the hidden state in row s · rows + r.
  struct Piece {
    let rows: [Int]
    let steps: Range<Int>
    /// [steps · rows, hidden]
    let outputs: Tensor
  }

  /// Goes through sequences of inputs of any lengths side by side, in pieces that none of them ends in, so that nothing is computed behind an end.
  ///
  /// - Parameter inputs: codes, or `nothing`.
  /// - Returns: the state after the last input of every sequence, in their order.
  func read(_ inputs: [[Int]], _ body: (Piece) -> Void = { _ in }) -> LSTM.State {
    let gates = network.lstm.oneHotGates
    // The longest first: those that end are the last rows.
    let order = inputs.indices.sorted { (inputs[$0].count, $1) > (inputs[$1].count, $0) }
    var (rows, start, state, ends) = (order, 0, network.lstm.start(rows: inputs.count), [LSTM.State]())
    while !rows.isEmpty {
      let left = rows.count { inputs[$0].count > start }
      if left < rows.count {
        ends.insert(state.mapped { $0.slice(0, left..<$0.shape[0]) }, at: 0)
        (rows, state) = (Array(rows.prefix(left)), state.mapped { $0.slice(0, 0..<left) })
        continue
      }
      let end = min(start + Self.pieceSteps, inputs[rows[left - 1]].count)
      let codes = (start..<end).flatMap { step in rows.map { inputs[$0][step] } }
      let (outputs, after) = network.lstm(oneHot: codes, rows: left, from: state, gates: gates)
      body(Piece(rows: rows, steps: start..<end, outputs: outputs.reshaped([codes.count, configuration.hidden])))
      (start, state) = (end, after)
    }
    var places = order
    for (place, text) in order.enumerated() { places[text] = place }
    return LSTM.State(
      hidden: (0..<configuration.layers).map { layer in Tensor.concatenated(ends.map { $0.hidden[layer] }).gather(places) },
      cell: (0..<configuration.layers).map { layer in Tensor.concatenated(ends.map { $0.cell[layer] }).gather(places) })
  }
}

extension LSTM.State {
  /// The same change of every tensor.
  func mapped(_ change: (Tensor) -> Tensor) -> LSTM.State { LSTM.State(hidden: hidden.map(change), cell: cell.map(change)) }
}
