import Modelling
import Networks
import Tensors

/// ln q(k | x) = W x + b + const, x | k = D e_k + noise: components of which the first ones are classes, where the signature names some.
struct ToyClassifier: ModelFamily, Sampling, Classifying, Clustering {
  struct Configuration: Settings {
    var components = 1
    static let table = Table<Self> { Setting("components", \.components, in: 1..., required: true, "Classes and clusters.") }
  }

  static let name = "toy_classifier"
  static let summary = "A linear classifier with clusters beside its classes, for tests."
  static let purpose = FamilyPurpose(.codes, choose: "in tests")

  struct Network: Module {
    var classifier, decoder: Linear
    static let fields: [Field<Self>] = [.child("classifier", \.classifier), .child("decoder", \.decoder)]
  }

  let configuration: Configuration
  let signature: Signature
  var network: Network

  init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    (self.configuration, self.signature) = (configuration, signature)
    network = Network(
      classifier: Linear(signature.width, configuration.components, source["c"]),
      decoder: Linear(configuration.components, signature.width, source["d"]))
  }

  var componentCount: Int { configuration.components }
  var componentCounts: [Int] { [componentCount] }

  func logits(_ x: Tensor) -> Tensor { network.classifier(x, .evaluation) * 4 }

  func responsibilities(_ x: Tensor, draws: Int, keys: RowKeys) -> [Tensor] { [logits(x).softmax()] }

  func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    let component: Int
    switch options.given {
    case .nothing: component = 0
    case .label(let name): component = signature.classes?.firstIndex(of: name) ?? 0
    case .component(let index, _): component = index
    case .layers, .classed: throw Fault(field: "given.layers", given: "there", expected: "no such field: this model has one layer")
    case .text: throw Fault(field: "given.text", given: "there", expected: "no text")
    }
    let chosen = (0..<configuration.components).map { Float($0 == component ? 1 : 0) }
    let one = network.decoder(Tensor(shape: [1, chosen.count], scalars: chosen), .evaluation)
    return one.expanded(to: [keys.count, signature.width]) + keys.split("noise").normal(signature.width) * (0.1 * options.temperature)
  }
}
