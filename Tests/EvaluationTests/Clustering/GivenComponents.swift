import Modelling
import Networks
import Tensors

/// A clusterer for tests whose items say themselves what is believed of them: p(component | x) = softmax(x), layer beside layer.
struct GivenComponents: ModelFamily, Sampling, Classifying, Clustering {
  struct Configuration: Settings {
    /// Components of each layer; together the numbers of an item.
    var components: [Int] = []

    static let table = Table<Self> { Setting("components", \.components, in: 1..., required: true, "Of each layer.") }
  }

  static let name = "given_components"
  static let summary = "Items that say what is believed of them, for tests."
  static let purpose = FamilyPurpose(.codes, choose: "in tests")

  struct Network: Module {
    var nothing: Linear
    static let fields: [Field<Self>] = [.child("nothing", \.nothing)]
  }

  let configuration: Configuration
  let signature: Signature
  var network: Network

  init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    (self.configuration, self.signature) = (configuration, signature)
    network = Network(nothing: Linear(1, 1, source))
  }

  var componentCounts: [Int] { configuration.components }

  var componentCount: Int { configuration.components[0] }

  func logits(_ x: Tensor) -> Tensor { x.slice(1, 0..<componentCount) }

  func responsibilities(_ x: Tensor, draws: Int, keys: RowKeys) -> [Tensor] {
    var start = 0
    return configuration.components.map { count in
      defer { start += count }
      return x.slice(1, start..<start + count).softmax()
    }
  }

  /// Black but for one number that says which component it is of.
  func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    guard case .component(let component, let layer) = options.given, options.mean, options.temperature == 0 else {
      throw Fault(field: "given", given: "\(options.given)", expected: "the mean of a component")
    }
    let place = configuration.components.prefix(layer ?? 0).reduce(0, +) + component
    return Tensor(shape: [1, signature.width], scalars: (0..<signature.width).map { $0 == place ? 1 : 0 }).expanded(to: [keys.count, signature.width])
  }
}
