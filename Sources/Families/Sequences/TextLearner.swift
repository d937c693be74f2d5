internal import Distributions
internal import Foundation
package import Modelling
package import Networks
package import Optimisation
package import Tensors

/// Descends on -1/n Σ_t ln p(c_t | c_1 ... c_t-1) by backpropagation through time that is cut off where a piece of a text begins: the state of the
/// network goes on from piece to piece, and its history doesn't.
package struct TextLearner: Learner {
  package struct State: Module {
    package var player: Player<CharLSTM.Network>
    package var place: Place

    package static let fields: [Field<Self>] = [.child("player", \.player), .child("place", \.place)]
  }

  /// Where in its text every row of a batch is: what the network remembers of it, and its last character.
  package struct Place: Module {
    package var state: LSTM.State
    /// Codes: [rows].
    package var last: Tensor

    var rows: Int { last.count }

    package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) {
      for layer in state.hidden.indices {
        body(Leaf(path: path.appendingName("hidden.\(layer)"), isTrainable: false), &state.hidden[layer])
        body(Leaf(path: path.appendingName("cell.\(layer)"), isTrainable: false), &state.cell[layer])
      }
      body(Leaf(path: path.appendingName("last"), isTrainable: false), &last)
    }
  }

  let model: CharLSTM
  let descent: Descent

  package var criterion: Criterion { Criterion("nats_per_character", isHigherBetter: false) }

  package func start(_ data: TrainingData, key: RandomKey) -> State {
    State(player: Player(model.network, descent), place: beginning(model.network, rows: data.batchSize))
  }

  /// Before the first character of every row.
  private func beginning(_ network: CharLSTM.Network, rows: Int) -> Place {
    Place(state: network.lstm.start(rows: rows), last: .full([rows], Float(model.nothing)))
  }

  /// The loss of the next characters of every row, and where they end.
  package func objective(_ network: CharLSTM.Network, _ batch: Batch, from place: Place? = nil) -> (objective: Objective, end: Place) {
    let (x, rows, steps) = (batch.values.scalars, batch.values.shape[0], batch.values.shape[1])
    let place = place ?? beginning(network, rows: rows)
    let last = place.last.scalars
    // Step by step, row by row within a step; behind an end there is nothing.
    let codes = (0..<steps).flatMap { step in (0..<rows).map { row in Self.code(x[row * steps + step]) ?? model.nothing } }
    let inputs = last.map { Int($0) } + codes.dropLast(rows)
    var (outputs, state) = network.lstm(oneHot: inputs, rows: rows, from: place.state)
    outputs = outputs.reshaped([steps * rows, model.configuration.hidden])
    let own = codes.indices.filter { codes[$0] != model.nothing }
    if own.count < codes.count { outputs = outputs.gather(own) }
    let nats = -Categorical(logits: network.output(outputs, .evaluation)).logProbability(ofIndices: own.map { codes[$0] }).mean()
    let terms = [("nats_per_character", 1), ("bits_per_character", M_LN2)].map { Term($0, Double(nats.scalar) / $1, weight: Double(own.count)) }
    state = state.detached
    return (Objective(loss: nats, terms: terms), Place(state: state, last: Tensor(codes.suffix(rows).map { Float($0) })))
  }

  private static func code(_ value: Float) -> Int? { value.isNaN ? nil : Int(value) }

  package func step(_ state: inout State, _ batch: Batch, _ pass: Pass) throws -> [Term] {
    let place = pass.isFirst ? nil : state.place
    var end: Place?
    let terms = try state.player.descend(pass) { network, _ in
      let (objective, place) = objective(network, batch, from: place)
      end = place
      return objective
    }
    keep(end, in: &state)
    return terms
  }

  package func validation(_ state: inout State, _ batch: Batch, _ pass: Pass) -> [Term] {
    let (objective, end) = objective(state.player.network, batch, from: pass.isFirst ? nil : state.place)
    keep(end, in: &state)
    return objective.terms
  }

  /// Where the rows of a stream end the next batch begins. The last batch of texts that are no stream may have fewer rows, and nothing goes on from
  /// them.
  private func keep(_ end: Place?, in state: inout State) {
    if let end, end.rows == state.place.rows { state.place = end }
  }

  package func model(_ state: State) -> CharLSTM {
    var model = model
    model.network = state.player.network
    return model
  }
}
