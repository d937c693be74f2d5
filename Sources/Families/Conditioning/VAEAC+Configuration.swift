package import Modelling
internal import Networks
internal import Tensors

extension VAEAC {
  package struct Configuration: Settings {
    package enum Deviation: String, CaseIterable, SettingValue {
      /// A head of its own, so that the intervals of a real cell are learnt.
      case learned
      /// 1 in model units, as in the paper: the loss is a squared error, and intervals mean nothing.
      case fixed
    }

    package var latent: Int
    package var hidden: Int
    package var blocks: Int
    package var deviation: Deviation
    package var deviationFloor: Float

    package init() { self.init(latent: 64) }

    package init(latent: Int = 64, hidden: Int = 256, blocks: Int = 10, deviation: Deviation = .learned, deviationFloor: Float = 0.01) {
      self.latent = latent
      self.hidden = hidden
      self.blocks = blocks
      self.deviation = deviation
      self.deviationFloor = deviationFloor
    }

    package static let table = Table<Self> {
      Setting("latent", \.latent, in: 1...65_536, "Dimensions of z.")
      Setting("hidden", \.hidden, in: 1...65_536, "Width of every hidden layer.")
      Setting("blocks", \.blocks, in: 0...256, "Residual layers of each network; the generative one has one more.")
      Setting(
        "deviation", \.deviation,
        "Of a real cell given z: learned, or fixed at 1 in model units as in the paper, which makes intervals meaningless.")
      Setting("deviation_floor", \.deviationFloor, in: 1e-4..., expected: "1e-4 or more", "The smallest learned deviation, in model units.")
    }
  }

  /// Sizes of one network before it has weights.
  struct ResidualPlan {
    let input: BlockPlan
    let blocks: [BlockPlan]
    let output: BlockPlan

    var all: [BlockPlan] { [input] + blocks + [output] }
  }

  /// The networks before they have weights, every size checked.
  struct Plan {
    let coding: Coding
    let proposal: ResidualPlan
    let prior: ResidualPlan
    let generative: ResidualPlan
    let scalarCount: Int

    init(_ configuration: Configuration, _ signature: Signature) throws(Fault) {
      try configuration.validate()
      try signature.check()
      guard signature.space.isRow else {
        throw Fault(
          field: "signature.kind", given: signature.space.kind.rawValue, expected: "a table or vectors: this family has no network for images yet")
      }
      coding = Coding(signature)
      let (columns, hidden) = (coding.columns, configuration.hidden)
      func network(_ inputs: Int, layers: Int, of width: Int, readout: Int, _ outputs: Int) -> ResidualPlan {
        ResidualPlan(
          input: .linear(inputs, hidden), blocks: [BlockPlan](repeating: .linear(width, hidden), count: layers), output: .linear(readout, outputs))
      }
      let moments = 2 * configuration.latent
      proposal = network(coding.inputs + 2 * columns, layers: configuration.blocks, of: hidden, readout: hidden, moments)
      prior = network(coding.inputs + columns, layers: configuration.blocks, of: hidden, readout: hidden, moments)
      generative = network(
        configuration.latent, layers: configuration.blocks + 1, of: 2 * hidden, readout: hidden + coding.inputs + columns, coding.outputs)
      guard let count = (proposal.all + prior.all + generative.all).scalarCount, count <= VAE.Plan.largestScalarCount else {
        throw Fault(
          field: "hidden", given: "a network of more than \(VAE.Plan.largestScalarCount) numbers", expected: "a smaller one")
      }
      scalarCount = count
    }
  }
}

extension VAEAC.Residual {
  init(_ plan: VAEAC.ResidualPlan, key: RandomKey) {
    func layer(_ plan: BlockPlan, _ key: RandomKey) -> Linear {
      guard case .linear(let inputs, let outputs) = plan else { preconditionFailure("a residual network is made of linear layers") }
      return Linear(inputs, outputs, key: key)
    }
    input = layer(plan.input, key.split("input"))
    blocks = plan.blocks.enumerated().map { layer($1, key.split("blocks").split($0)) }
    output = layer(plan.output, key.split("output"))
  }
}
