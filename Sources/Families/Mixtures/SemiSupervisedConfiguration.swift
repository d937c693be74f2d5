internal import Distributions
internal import Foundation
internal import Modelling
internal import Networks
package import Tensors

/// The shape of a semi-supervised model and of its p(x|z).
package struct SemiSupervisedConfiguration: Codable, Sendable, Equatable {
  package var latent: Int
  package var auxiliary: Int
  package var hidden: [Int]
  /// Components that no label names.
  package var components: Int
  /// Classes that have no label: they hold their share of the prior's mass together with the components added to them; `components` where nil.
  package var hiddenClasses: Int?
  /// p(y) of the labelled classes; the rest is spread over the other components.
  package var classPrior: [Double]?
  /// Deviation of the components' means at the start.
  package var componentSpread: Float
  package var activation: Activation
  package var scale: ScaleReading
  package var scaleFloor: Float
  package var observation: Observation

  package init(
    latent: Int = 100, auxiliary: Int = 100, hidden: [Int] = [500, 500], components: Int = 0, hiddenClasses: Int? = nil,
    classPrior: [Double]? = nil, componentSpread: Float = 1e-3, activation: Activation = .relu, scale: ScaleReading = .expHalf,
    scaleFloor: Float = 0, observation: Observation = Observation(.bernoulli)
  ) {
    (self.latent, self.auxiliary, self.hidden, self.components, self.hiddenClasses) = (latent, auxiliary, hidden, components, hiddenClasses)
    (self.classPrior, self.componentSpread, self.activation) = (classPrior, componentSpread, activation)
    (self.scale, self.scaleFloor, self.observation) = (scale, scaleFloor, observation)
  }

  private enum Keys: String, CodingKey {
    case latent, auxiliary, hidden, components, activation, scale
    case hiddenClasses = "hidden_classes"
    case classPrior = "class_prior"
    case componentSpread = "component_spread"
    case scaleFloor = "scale_floor"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Keys.self)
    func value<T: Decodable>(_ key: Keys, _ standard: T) throws -> T { try values.decodeIfPresent(T.self, forKey: key) ?? standard }
    let standard = SemiSupervisedConfiguration()
    self.init(
      latent: try value(.latent, standard.latent), auxiliary: try value(.auxiliary, standard.auxiliary), hidden: try value(.hidden, standard.hidden),
      components: try value(.components, 0), hiddenClasses: try values.decodeIfPresent(Int.self, forKey: .hiddenClasses),
      classPrior: try values.decodeIfPresent([Double].self, forKey: .classPrior),
      componentSpread: try value(.componentSpread, standard.componentSpread), activation: try value(.activation, .relu),
      scale: try value(.scale, .expHalf), scaleFloor: try value(.scaleFloor, 0),
      observation: try Observation(from: decoder))
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Keys.self)
    try values.encode(latent, forKey: .latent)
    try values.encode(auxiliary, forKey: .auxiliary)
    try values.encode(hidden, forKey: .hidden)
    try values.encode(components, forKey: .components)
    try values.encode(hiddenClasses, forKey: .hiddenClasses)
    try values.encode(classPrior, forKey: .classPrior)
    try values.encode(componentSpread, forKey: .componentSpread)
    try values.encode(activation, forKey: .activation)
    try values.encode(scale, forKey: .scale)
    try values.encode(scaleFloor, forKey: .scaleFloor)
    try observation.encode(to: encoder)
  }

  static let fields: [ConfigurationField] =
    [
      ConfigurationField("latent", "integer", default: "100", "Dimensions of z."),
      ConfigurationField("auxiliary", "integer", default: "100", "Dimensions of a, of agmdgm."),
      ConfigurationField("hidden", "[integer]", default: "[500, 500]", "Widths of the linear layers of every network."),
      ConfigurationField("components", "integer", default: "0", "Components that no label names; those of labelled classes come from the labels."),
      ConfigurationField(
        "hidden_classes", "integer", default: "null",
        "How many classes have no label, out of which their share of p(y) follows: spread over `components`; absent: as many as those."),
      ConfigurationField(
        "class_prior", "[number]", default: "null", "p(y) of the labelled classes; the rest goes to the other components. Absent: 1 / classes."),
      ConfigurationField("component_spread", "number", default: "0.001", "Deviation of the components' means before training."),
      ConfigurationField("activation", choices(Activation.allCases), default: "\"relu\"", "Behind every hidden layer."),
      ConfigurationField("scale", choices(ScaleReading.allCases), default: "\"exp_half\"", "How scale heads of the latent variables are read."),
      ConfigurationField("scale_floor", "number", default: "0", "Added to a softplus deviation."),
    ] + Observation.configurationFields

  func normal(mean: Tensor, head: Tensor) -> Normal { scale.normal(mean: mean, head: head, floor: scaleFloor) }

  /// p(y) of the labelled classes, then of the components without a label; it sums to 1.
  package func prior(classes: Int) -> [Double] {
    let hidden = components == 0 ? 0 : hiddenClasses ?? components
    let labelled = classPrior ?? [Double](repeating: 1 / Double(classes + hidden), count: classes)
    let rest = max(0, 1 - labelled.reduce(0, +))
    return labelled + [Double](repeating: rest / Double(max(components, 1)), count: components)
  }

  func check(_ signature: Signature, hasAuxiliary: Bool) throws(Fault) {
    try signature.check()
    if let column = signature.columns?.first(where: { $0.type != .real }) {
      throw Fault(
        field: "signature.columns", given: "\(column.type.rawValue) for \"\(column.name)\"",
        expected: "real columns; the family vaeac takes categories")
    }
    func check(_ field: String, _ value: Int, _ range: ClosedRange<Int>) throws(Fault) {
      guard range.contains(value) else {
        throw Fault(field: field, given: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
      }
    }
    let classes = signature.classes?.count ?? 0
    try check("latent", latent, 1...65_536)
    try check("auxiliary", auxiliary, 1...65_536)
    try check("hidden", hidden.count, 1...64)
    for (index, width) in hidden.enumerated() { try check("hidden[\(index)]", width, 1...65_536) }
    try check("components", components, (classes == 0 ? 1 : 0)...10_000)
    if let hiddenClasses { try check("hidden_classes", hiddenClasses, components == 0 ? 0...0 : 1...components) }
    if let classPrior {
      guard classPrior.count == classes else {
        throw Fault(field: "class_prior", given: "\(classPrior.count) masses", expected: "\(classes), one for each labelled class")
      }
      let sum = classPrior.reduce(0, +)
      guard classPrior.allSatisfy({ $0 > 0 && $0 <= 1 }), components == 0 ? abs(sum - 1) < 1e-6 : sum < 1 else {
        throw Fault(
          field: "class_prior", given: "\(classPrior)", expected: "positive masses that sum to \(components == 0 ? "1" : "less than 1")")
      }
    }
    guard componentSpread.isFinite, componentSpread >= 0 else {
      throw Fault(field: "component_spread", given: "\(componentSpread)", expected: "0 or more")
    }
    guard scaleFloor.isFinite, scaleFloor >= 0 else { throw Fault(field: "scale_floor", given: "\(scaleFloor)", expected: "0 or more") }
    try observation.check(signature)
    let count = scalarCount(
      width: signature.width, classes: classes, auxiliary: hasAuxiliary ? auxiliary : 0, mixturePrior: true, decodesClass: true)
    guard let count, count <= VAE.Plan.largestScalarCount else {
      throw Fault(
        field: "hidden", given: "a network of more than \(VAE.Plan.largestScalarCount) numbers", expected: "a smaller one")
    }
  }

  /// Scalars of the network; nil where the number does not fit an Int.
  func scalarCount(width: Int, classes: Int, auxiliary: Int, mixturePrior: Bool, decodesClass: Bool) -> Int? {
    let (components, last) = (classes + self.components, hidden[hidden.count - 1])
    var plan: [BlockPlan] = []
    func mlp(_ inputs: Int, classes: Bool) {
      // A table row a class adds `hidden[0]` scalars each, as another input would.
      plan += [.linear(inputs + (classes ? components : 0), hidden[0])] + zip(hidden, hidden.dropFirst()).map { .linear($0, $1) }
    }
    func heads(_ outputs: Int, _ count: Int) { plan += [BlockPlan](repeating: .linear(last, outputs), count: count) }
    mlp(width + auxiliary, classes: false)
    heads(components, 1)
    mlp(width + auxiliary, classes: true)
    heads(latent, 2)
    mlp(latent, classes: decodesClass)
    heads(width, observation.hasScaleHead ? 2 : 1)
    if auxiliary > 0 {
      mlp(width, classes: false)
      mlp(width + latent, classes: true)
      heads(auxiliary, 4)
    }
    // A linear layer without inputs holds its bias alone.
    if mixturePrior { plan += [BlockPlan](repeating: .linear(components - 1, latent), count: 2) }
    return plan.scalarCount
  }
}
