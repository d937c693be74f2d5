internal import Distributions
internal import Foundation
package import Modelling
package import Networks
package import Tensors

/// A deep generative model with a class y beside the latent z, learnt with as many labels as there are, down to none.
///
/// Labelled items bound ln p(x, y), L(x, y) = E_q(z|x,y)[ln p(x|z, y) + ln p(y) + ln p(z|y) - ln q(z|x, y)]; of the others every class is weighed,
/// U(x) = Σ_y q(y|x) (L(x, y) - ln q(y|x)) (Kingma et al. 2014, equations 6 and 7). The enumeration over y is one batch of rows.
/// What depends on what is the variant's: `M2`, `GMDGM`, `AGMDGM`.
package struct SemiSupervised<Variant: SemiSupervisedVariant>: ModelFamily {
  package typealias Configuration = SemiSupervisedConfiguration<Variant>

  package static var name: String { Variant.name }
  package static var summary: String { Variant.summary }
  package static var purpose: FamilyPurpose { Variant.purpose }

  package struct Network: Module {
    /// q(y|x), or q(y|x, a): unnormalised logarithms.
    package var classifier: ConditionalMLP
    package var classifierOutput: Linear
    /// q(z|x, y), or q(z|x, a, y).
    package var latent: ConditionalMLP
    package var latentMean: Linear
    package var latentScale: Linear
    /// p(z|y): [components, latent] each; absent where z has a standard normal prior.
    package var componentMean: Tensor?
    package var componentScale: Tensor?
    /// p(x|z), or p(x|z, y).
    package var decoder: ConditionalMLP
    package var output: Linear
    package var outputScale: Linear?
    /// q(a|x), and p(a|x, z, y) or p(a|z, y).
    package var auxiliary: ConditionalMLP?
    package var auxiliaryMean: Linear?
    package var auxiliaryScale: Linear?
    package var auxiliaryPrior: ConditionalMLP?
    package var auxiliaryPriorMean: Linear?
    package var auxiliaryPriorScale: Linear?

    package static var fields: [Field<Self>] {
      [
        .child("classifier", \.classifier), .child("classifier_output", \.classifierOutput), .child("latent", \.latent),
        .child("latent_mean", \.latentMean), .child("latent_scale", \.latentScale), .parameter("component_mean", \.componentMean),
        .parameter("component_scale", \.componentScale), .child("decoder", \.decoder), .child("output", \.output),
        .child("output_scale", \.outputScale), .child("auxiliary", \.auxiliary), .child("auxiliary_mean", \.auxiliaryMean),
        .child("auxiliary_scale", \.auxiliaryScale), .child("auxiliary_prior", \.auxiliaryPrior),
        .child("auxiliary_prior_mean", \.auxiliaryPriorMean), .child("auxiliary_prior_scale", \.auxiliaryPriorScale),
      ]
    }
  }

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network
  /// ln p(y) of every component.
  let logPrior: [Float]

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    try configuration.check(signature)
    self.configuration = configuration
    self.signature = signature
    let prior = configuration.prior(classes: signature.classes?.count ?? 0)
    logPrior = prior.map { Float(Foundation.log($0)) }
    let (width, latent, hidden, components) = (signature.width, configuration.latent, configuration.hidden, prior.count)
    let auxiliary = Variant.hasAuxiliary ? configuration.auxiliary : 0
    let activation = configuration.activation
    func mlp(_ inputs: [Int], classes: Bool, _ source: ParameterSource) -> ConditionalMLP {
      ConditionalMLP(inputs.filter { $0 > 0 }, classes: classes ? components : 0, hidden: hidden, activation: activation, source)
    }
    func head(_ outputs: Int, _ source: ParameterSource) -> Linear {
      Linear(hidden[hidden.count - 1], outputs, initializer: .normal(deviation: 1e-3), source)
    }
    network = Network(
      classifier: mlp([width, auxiliary], classes: false, source["classifier"]),
      classifierOutput: head(components, source["classifier output"]),
      latent: mlp([width, auxiliary], classes: true, source["latent"]), latentMean: head(latent, source["latent mean"]),
      latentScale: head(latent, source["latent scale"]),
      componentMean: Variant.hasMixturePrior
        ? source["component mean"].tensor([components, latent], .normal(deviation: configuration.componentSpread)) : nil,
      componentScale: Variant.hasMixturePrior ? source.tensor([components, latent], .constant(0)) : nil,
      decoder: mlp([latent], classes: Variant.decodesClass, source["decoder"]), output: head(width, source["output"]),
      outputScale: configuration.observation.hasScaleHead ? head(width, source["output scale"]) : nil)
    if Variant.hasAuxiliary {
      network.auxiliary = mlp([width], classes: false, source["auxiliary"])
      network.auxiliaryMean = head(auxiliary, source["auxiliary mean"])
      network.auxiliaryScale = head(auxiliary, source["auxiliary scale"])
      network.auxiliaryPrior = mlp(
        (configuration.auxiliaryGiven == .code ? [] : [width]) + [latent], classes: true, source["auxiliary prior"])
      network.auxiliaryPriorMean = head(auxiliary, source["auxiliary prior mean"])
      network.auxiliaryPriorScale = head(auxiliary, source["auxiliary prior scale"])
    }
  }
}

/// What of a semi-supervised model depends on what.
package protocol SemiSupervisedVariant: Sendable {
  static var name: String { get }
  static var summary: String { get }
  static var purpose: FamilyPurpose { get }
  /// Whether p(z|y) is a Gaussian of each class, rather than p(z) a standard normal.
  static var hasMixturePrior: Bool { get }
  /// Whether x depends on y beside z.
  static var decodesClass: Bool { get }
  /// Whether an auxiliary variable a stands between x and the others.
  static var hasAuxiliary: Bool { get }
  /// What can be set, built once.
  static var settings: Table<SemiSupervisedConfiguration<Self>> { get }
}

/// Linear layers of a width each, the first of several inputs added up, the last input possibly a class.
///
/// The first layer of [x, one-hot y] is the sum of a layer of x and a row of a table: x's part is computed once for all classes.
package struct ConditionalMLP: Module {
  package var inputs: [Linear]
  /// One row a class: [classes, width].
  package var classes: Tensor?
  package var hidden: Sequential
  private let activation: Activation

  package static let fields: [Field<Self>] = [.child("inputs", \.inputs), .parameter("classes", \.classes), .child("hidden", \.hidden)]

  init(_ widths: [Int], classes count: Int, hidden: [Int], activation: Activation, _ source: ParameterSource) {
    let first = hidden[0]
    // The fans are those of the whole layer, of which its parts are stored.
    let whole: Shape = [first, widths.reduce(count, +)]
    self.activation = activation
    inputs = widths.enumerated().map { index, width in
      Linear(
        weight: source["input"][index].tensor([first, width], .xavierNormal, fans: whole),
        bias: index == 0 ? source.tensor([first], .constant(0)) : nil)
    }
    classes = count > 0 ? source["classes"].tensor([count, first], .xavierNormal, fans: whole) : nil
    self.hidden = Sequential(
      zip(hidden, hidden.dropFirst()).enumerated().flatMap { index, widths in
        [Block(Linear(widths.0, widths.1, initializer: .xavierNormal, source["hidden"][index])), Block(activation)]
      })
  }

  /// - Parameters:
  ///   - items: inputs with a row an item, which come first among the inputs.
  ///   - own: inputs with a row of their own for every pair of item and class.
  ///   - pairs: which item and class a row is of; nil where there is a row an item and no class.
  func callAsFunction(_ items: [Tensor], own: [Tensor] = [], pairs: ClassPairs? = nil, _ mode: Mode) -> Tensor {
    precondition(items.count + own.count == inputs.count && (classes == nil || pairs != nil), "\(inputs.count) inputs")
    if inputs.count == 1, classes == nil { return hidden(inputs[0]((items + own)[0], activation: activation), mode) }
    var sum = items.indices.dropFirst().reduce(items.isEmpty ? nil : inputs[0](items[0], mode)) { sum, index in
      sum.map { $0 + inputs[index](items[index], mode) }
    }
    if let pairs { sum = sum?.gather(pairs.items) }
    for (index, x) in own.enumerated() {
      let part = inputs[items.count + index](x, mode)
      sum = sum.map { $0 + part } ?? part
    }
    guard var sum else { preconditionFailure("a network without inputs") }
    if let classes, let pairs { sum = sum + classes.gather(pairs.classes) }
    return hidden(activation(sum), mode)
  }
}

/// The rows of a batch in which every unlabelled item stands once for each class, and every labelled one once, for its own.
struct ClassPairs: Sendable {
  /// Items without a label, the first of the batch.
  let unlabelled: Int
  let components: Int
  /// Of every row, item by item and within an item class by class.
  let items: [Int]
  let classes: [Int]

  init(unlabelled: Int, labels: [Int] = [], components: Int) {
    self.unlabelled = unlabelled
    self.components = components
    items = (0..<unlabelled).flatMap { [Int](repeating: $0, count: components) } + labels.indices.map { unlabelled + $0 }
    classes = (0..<unlabelled).flatMap { _ in 0..<components } + labels
  }

  /// - Parameter chosen: the components that each item without a label stands for, as many of each, item by item.
  init(unlabelled: Int, chosen: [Int], labels: [Int]) {
    (self.unlabelled, components) = (unlabelled, chosen.count / unlabelled)
    let count = components
    items = (0..<unlabelled).flatMap { [Int](repeating: $0, count: count) } + labels.indices.map { unlabelled + $0 }
    classes = chosen + labels
  }

  /// A class each.
  init(classes: [Int], components: Int) {
    (unlabelled, self.components) = (0, components)
    (items, self.classes) = (Array(classes.indices), classes)
  }

  var count: Int { items.count }
}
