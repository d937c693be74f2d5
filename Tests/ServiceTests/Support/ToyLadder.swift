import Distributions
import Modelling
import Networks
import Tensors

/// Two layers of latent variables with clusters of their own, all of it linear: z_l = E_l x, p(k | z_l) = softmax(C_l z_l), x = D [z_0, z_1].
struct ToyLadder: ModelFamily, Sampling, Encoding, Clustering {
  struct Configuration: Settings { static let table = Table<Self> {} }

  static let name = "toy_ladder"
  static let summary = "Two linear layers with clusters, for tests."
  static let purpose = FamilyPurpose(.codes, choose: "in tests")

  struct Network: Module {
    var encoder, low, high, decoder: Linear
    static let fields: [Field<Self>] = [
      .child("encoder", \.encoder), .child("low", \.low), .child("high", \.high), .child("decoder", \.decoder),
    ]
  }

  let configuration: Configuration
  let signature: Signature
  var network: Network

  init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    (self.configuration, self.signature) = (configuration, signature)
    network = Network(
      encoder: Linear(signature.width, 4, source["e"]), low: Linear(2, 3, source["l"]), high: Linear(2, 4, source["h"]),
      decoder: Linear(4, signature.width, source["d"]))
  }

  let codeForms = [Code.Form.gaussian(width: 2), .gaussian(width: 2)]
  let componentCounts = [3, 4]

  func encode(_ x: Tensor) -> [Code] { posteriors(x).map(Code.gaussian) }

  private func posteriors(_ x: Tensor) -> [Normal] {
    let z = network.encoder(x, .evaluation)
    let deviation = Tensor.zeros([x.shape[0], 2]) + 0.5
    return [Normal(mean: z.slice(1, 0..<2), deviation: deviation), Normal(mean: z.slice(1, 2..<4), deviation: deviation)]
  }

  func responsibilities(_ x: Tensor, draws: Int, keys: RowKeys) -> [Tensor] {
    zip(posteriors(x), [network.low, network.high]).enumerated().map { layer, part in
      let (posterior, head) = part
      guard draws > 0 else { return (head(posterior.mean, .evaluation) * 5).softmax() }
      let sum = (0..<draws).map { draw in
        (head(posterior.mean + posterior.deviation * keys.split(layer).split(draw).normal(2), .evaluation) * 5).softmax()
      }.reduce(Tensor.zeros([x.shape[0], componentCounts[layer]])) { $0 + $1 }
      return sum * (1 / Float(draws))
    }
  }

  func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    let sources: [LayerSource]
    var shift: Float = 0
    switch options.given {
    case .nothing: sources = [.prior, .prior]
    case .label: throw Fault(field: "given.label", given: "there", expected: "no label")
    case .component(let component, let layer): sources = (0..<2).map { $0 == layer ? .component(component) : .prior }
    case .layers(let given): sources = given
    case .classed(.component(let component), let given): (sources, shift) = (given, Float(component))
    case .classed(.label, _): throw Fault(field: "given.label", given: "there", expected: "no label")
    case .text: throw Fault(field: "given.text", given: "there", expected: "no text")
    }
    let latent = sources.enumerated().map { layer, source in
      let noise = keys.split(layer).normal(2) * options.temperature
      switch source {
      case .prior: return noise
      case .component(let component): return noise * 0.1 + Float(component)
      case .item(let item):
        let row = posteriors(Tensor(shape: [1, signature.width], scalars: item))[layer].mean
        return row.expanded(to: [keys.count, 2])
      case .code(let code): return Tensor(shape: [1, 2], scalars: code).expanded(to: [keys.count, 2])
      }
    }
    return network.decoder(Tensor.concatenated(latent, axis: 1), .evaluation) + shift
  }
}
