import Foundation
import Modelling
import Networks
import Optimisation
import Tensors

// Small families that learn in other ways than by the gradient of one loss, so that loop and checkpoints are tested with every kind of learner.

/// What all of them are configured by: nothing.
struct ToyConfiguration: Settings {
  static let table = Table<Self> {}
}

protocol ToyFamily: Trainable where Configuration == ToyConfiguration, TrainingOptions == ToyConfiguration {
  init(signature: Signature, source: ParameterSource)
}

extension ToyFamily {
  static var summary: String { "A family for tests." }
  static var purpose: FamilyPurpose { FamilyPurpose(.codes, choose: "in tests") }
  var configuration: ToyConfiguration { ToyConfiguration() }
  init(_: ToyConfiguration, signature: Signature, source: ParameterSource) throws(Fault) { self.init(signature: signature, source: source) }
  func check(items: Tensor) throws(Fault) {}
}

let toyFamilies: [any ModelFamily.Type] = [ToyDuel.self, ToyEvolution.self, ToyMixture.self, ToyReader.self]

/// Two players: what a generator makes of noise should pass for an item with a critic that learns too.
struct ToyDuel: ToyFamily {
  static let name = "toy_duel"
  let signature: Signature
  var network: Sequential

  init(signature: Signature, source: ParameterSource) {
    self.signature = signature
    network = Self.network([2, 6, signature.width], source["generator"])
  }

  private static func network(_ widths: [Int], _ source: ParameterSource) -> Sequential {
    Sequential(.mlp(widths[0], [widths[1]], .tanh) + [LayerMaker { Linear(widths[1], widths[2], $0) }], source)
  }

  func learner(_: ToyConfiguration, _ descent: Descent) -> Duel { Duel(family: self, descent: descent) }

  struct Duel: Learner {
    struct State: Module {
      var generator: Player<Sequential>
      var critic: Player<Sequential>
      static let fields: [Field<Self>] = [.child("generator", \.generator), .child("critic", \.critic)]
    }

    let family: ToyDuel
    let descent: Descent
    var criterion: Criterion { Criterion("distance", isHigherBetter: false) }

    func start(_: TrainingData, key: RandomKey) -> State {
      let critic = ToyDuel.network([family.signature.width, 6, 1], .drawing(key.split("critic")))
      return State(generator: Player(family.network, descent), critic: Player(critic, descent))
    }

    func step(_ state: inout State, _ batch: Batch, _ pass: Pass) throws -> [Term] {
      let z = pass.keys.split("latent").normal(2)
      // E ln D(x) + E ln(1 - D(G(z)))
      func f(_ g: Sequential, _ d: Sequential) -> Tensor {
        -(-d(batch.values, .evaluation)).softplus().mean() - d(g(z, .evaluation), .evaluation).softplus().mean()
      }
      let before = state
      // The generator sees the critic two steps ahead, through its optimiser.
      let generator = try state.generator.descend(pass) { g, _ in
        let surrogate = f(g, before.critic.unrolled(steps: 2) { -f(g, $0) }.network)
        return Objective(loss: surrogate, terms: [Term("surrogate", surrogate.scalar)])
      }
      let critic = try state.critic.descend(pass) { d, _ in
        let value = f(before.generator.network, d)
        return Objective(loss: -value, terms: [Term("critic", value.scalar)])
      }
      return generator + critic
    }

    /// Between the means of items and of samples.
    func validation(_ state: inout State, _ batch: Batch, _ pass: Pass) -> [Term] {
      let samples = state.generator.network(pass.keys.normal(2), .evaluation)
      return [Term("distance", (samples.mean(axes: [0]) - batch.values.mean(axes: [0])).squared().sum().scalar), Term("items", Double(batch.weight))]
    }

    func model(_ state: State) -> ToyDuel {
      var model = family
      model.network = state.generator.network
      return model
    }
  }
}

/// A point that comes near the items' median by evolution: no gradient is taken.
struct ToyEvolution: ToyFamily {
  struct Network: Module {
    var point: Tensor
    static let fields: [Field<Self>] = [.parameter("point", \.point)]
  }

  static let name = "toy_evolution"
  let signature: Signature
  var network: Network

  init(signature: Signature, source: ParameterSource) {
    self.signature = signature
    network = Network(point: source.tensor([signature.width], .constant(3)))
  }

  func learner(_: ToyConfiguration, _ descent: Descent) -> Evolution { Evolution(family: self, descent: descent) }

  struct Evolution: Learner {
    let family: ToyEvolution
    let descent: Descent
    var criterion: Criterion { Criterion("distance", isHigherBetter: false) }

    func start(_: TrainingData, key: RandomKey) -> Player<Network> { Player(family.network, descent) }

    func step(_ state: inout Player<Network>, _ batch: Batch, _ pass: Pass) throws -> [Term] {
      let (value, slope) = AntitheticSlope(deviation: 0.1, pairs: 4)(at: state.network, key: pass.key) { Self.distance(batch.values, $0.point) }
      guard value.isFinite else { throw Divergence() }
      state.move(against: slope, pass)
      return [Term("distance", value)]
    }

    func validation(_ state: inout Player<Network>, _ batch: Batch, _ pass: Pass) -> [Term] {
      [Term("distance", Self.distance(batch.values, state.network.point))]
    }

    /// The mean of |x - point|, which has no derivative where they meet.
    private static func distance(_ x: Tensor, _ point: Tensor) -> Float { (x - point).scalars.reduce(0) { $0 + abs($1) } / Float(x.shape[0]) }

    func model(_ state: Player<Network>) -> ToyEvolution {
      var model = family
      model.network = state.network
      return model
    }
  }
}

/// A mixture of unit normals by hard EM, with a component remembered for every item (Kirsch et al. 2018): the better of it and one draw; then means
/// move.
struct ToyMixture: ToyFamily {
  struct Network: Module {
    /// [components, width]
    var means: Tensor
    static let fields: [Field<Self>] = [.parameter("means", \.means)]
  }

  static let name = "toy_mixture"
  static let components = 3
  let signature: Signature
  var network: Network

  init(signature: Signature, source: ParameterSource) {
    self.signature = signature
    network = Network(means: source.tensor([Self.components, signature.width], .normal(deviation: 1)))
  }

  func learner(_: ToyConfiguration, _: Descent) -> HardEM { HardEM(family: self) }

  struct HardEM: Learner {
    struct State: Module {
      var network: Network
      /// The component of every item: [items].
      var memory: Tensor
      static let fields: [Field<Self>] = [.child("network", \.network), .buffer("memory", \.memory)]
    }

    let family: ToyMixture
    var criterion: Criterion { Criterion("nats", isHigherBetter: true) }

    /// Means at items that are far from each other.
    func start(_ data: TrainingData, key: RandomKey) -> State {
      let items = data[Array(0..<data.count)]
      var chosen = [0]
      while chosen.count < ToyMixture.components {
        let distances = chosen.map { (items - items.slice(0, $0..<$0 + 1)).squared().rowSums().scalars }
        let nearest = (0..<data.count).map { item in distances.map { $0[item] }.min() ?? 0 }
        chosen.append((0..<data.count).max { nearest[$0] < nearest[$1] } ?? 0)
      }
      return State(network: Network(means: items.gather(chosen)), memory: .zeros([data.count]))
    }

    func step(_ state: inout State, _ batch: Batch, _ pass: Pass) -> [Term] {
      let (width, x) = (batch.values.shape[1], batch.values.scalars)
      let draws = pass.keys.split("component").uniform(1).scalars
      var (means, memory, score, changed) = (state.network.means.scalars, state.memory.scalars, 0.0, 0)
      for (row, item) in batch.items.enumerated() {
        func distance(_ component: Int) -> Float { (0..<width).reduce(0) { $0 + pow(x[row * width + $1] - means[component * width + $1], 2) } }
        let known = Int(memory[item])
        let drawn = min(Int(draws[row] * Float(ToyMixture.components)), ToyMixture.components - 1)
        let best = distance(drawn) < distance(known) ? drawn : known
        changed += best == known ? 0 : 1
        score -= Double(distance(best)) / 2
        memory[item] = Float(best)
        for place in 0..<width { means[best * width + place] += 0.01 * (x[row * width + place] - means[best * width + place]) }
      }
      state.network.means = Tensor(shape: state.network.means.shape, scalars: means)
      state.memory = Tensor(memory)
      return [Term("nats", score / Double(batch.weight)), Term("changed", Double(changed) / Double(batch.weight), weight: Double(batch.weight))]
    }

    func validation(_ state: inout State, _ batch: Batch, _ pass: Pass) -> [Term] {
      precondition(batch.items.allSatisfy { $0 >= state.memory.count }, "items held out have numbers of their own")
      let n = batch.values.shape[0]
      let distances = (0..<ToyMixture.components).map { component in
        (batch.values - state.network.means.slice(0, component..<component + 1)).squared().rowSums().reshaped([n, 1])
      }
      return [Term("nats", meanOf: (-0.5 * Tensor.concatenated(distances, axis: 1)).logSumExp())]
    }

    func model(_ state: State) -> ToyMixture {
      var model = family
      model.network = state.network
      return model
    }
  }
}

/// Follows the items of a stream with a hidden state for every row: an exponential mean, whose one weight learns to foretell the next item.
struct ToyReader: ToyFamily {
  struct Network: Module {
    var weight: Tensor
    static let fields: [Field<Self>] = [.parameter("weight", \.weight)]
  }

  static let name = "toy_reader"
  let signature: Signature
  var network: Network

  init(signature: Signature, source: ParameterSource) {
    self.signature = signature
    network = Network(weight: source.tensor([], .constant(0.2)))
  }

  func learner(_: ToyConfiguration, _ descent: Descent) -> Reader { Reader(family: self, descent: descent) }

  struct Reader: Learner {
    struct State: Module {
      var player: Player<Network>
      /// [rows, width]
      var hidden: Tensor
      static let fields: [Field<Self>] = [.child("player", \.player), .buffer("hidden", \.hidden)]
    }

    let family: ToyReader
    let descent: Descent
    var criterion: Criterion { Criterion("error", isHigherBetter: false) }

    func start(_ data: TrainingData, key: RandomKey) -> State {
      State(player: Player(family.network, descent), hidden: .zeros([data.batchSize, family.signature.width]))
    }

    /// h <- h + w (x - h), after x was foretold by h.
    func step(_ state: inout State, _ batch: Batch, _ pass: Pass) throws -> [Term] {
      if pass.isFirst { state.hidden = .zeros(batch.values.shape) }
      let hidden = state.hidden
      let terms = try state.player.descend(pass) { network, _ in
        let error = (hidden * network.weight - batch.values).squared().mean()
        return Objective(loss: error, terms: [Term("error", error.scalar)])
      }
      state.hidden = hidden + 0.5 * (batch.values - hidden)
      return terms
    }

    func validation(_ state: inout State, _ batch: Batch, _ pass: Pass) -> [Term] {
      if pass.isFirst { state.hidden = .zeros(batch.values.shape) }
      let error = (state.hidden * state.player.network.weight - batch.values).squared().mean().scalar
      state.hidden = state.hidden + 0.5 * (batch.values - state.hidden)
      return [Term("error", error)]
    }

    func model(_ state: State) -> ToyReader {
      var model = family
      model.network = state.player.network
      return model
    }
  }
}
