internal import Distributions
internal import Foundation
package import Modelling
package import Networks
package import Tensors

/// A deep generative model with a class y beside the latent z, learnt with as many labels as there are, down to none.
///
/// Labelled items bound ln p(x, y), L(x, y) = E_q(z|x,y)[ln p(x|z, y) + ln p(y) + ln p(z|y) - ln q(z|x, y)]; of the others every class is weighed,
/// U(x) = Σ_y q(y|x) (L(x, y) - ln q(y|x)) (Kingma et al. 2014, equations 6 and 7). The enumeration over y is one batch of rows.
/// What depends on what is the variant's: `M2`, `GMDGM`, `AGMDGM`, `ADGM`, `SDGM`, `CaGeM`.
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
    /// p(x|z), with y or a beside z where x depends on them.
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
    /// p(y|z).
    package var classPrior: ConditionalMLP?
    package var classPriorOutput: Linear?

    package static var fields: [Field<Self>] {
      [
        .child("classifier", \.classifier), .child("classifier_output", \.classifierOutput), .child("latent", \.latent),
        .child("latent_mean", \.latentMean), .child("latent_scale", \.latentScale), .parameter("component_mean", \.componentMean),
        .parameter("component_scale", \.componentScale), .child("decoder", \.decoder), .child("output", \.output),
        .child("output_scale", \.outputScale), .child("auxiliary", \.auxiliary), .child("auxiliary_mean", \.auxiliaryMean),
        .child("auxiliary_scale", \.auxiliaryScale), .child("auxiliary_prior", \.auxiliaryPrior),
        .child("auxiliary_prior_mean", \.auxiliaryPriorMean), .child("auxiliary_prior_scale", \.auxiliaryPriorScale),
        .child("class_prior", \.classPrior), .child("class_prior_output", \.classPriorOutput),
      ]
    }
  }

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network
  /// ln p(y) of every component; where y depends on z, what consistency phases spread items by.
  let logPrior: [Float]

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    try configuration.check(signature)
    self.configuration = configuration
    self.signature = signature
    let prior = configuration.prior(classes: signature.classes?.count ?? 0)
    logPrior = prior.map { Float(Foundation.log($0)) }
    let (width, latent, hidden, components) = (signature.width, configuration.latent, configuration.hidden, prior.count)
    let auxiliary = Variant.has(.auxiliary) ? configuration.auxiliary : 0
    let activation = configuration.activation
    func mlp(_ inputs: [Int], classes: Bool, _ source: ParameterSource) -> ConditionalMLP {
      ConditionalMLP(
        inputs.filter { $0 > 0 }, classes: classes ? components : 0, hidden: hidden, activation: activation,
        batchNorm: configuration.batchNorm ?? false,
        source)
    }
    func head(_ outputs: Int, _ source: ParameterSource) -> Linear {
      Linear(hidden[hidden.count - 1], outputs, initializer: .normal(deviation: 1e-3), source)
    }
    network = Network(
      classifier: mlp([width, auxiliary], classes: false, source["classifier"]),
      classifierOutput: head(components, source["classifier output"]),
      latent: mlp([width, auxiliary], classes: true, source["latent"]), latentMean: head(latent, source["latent mean"]),
      latentScale: head(latent, source["latent scale"]),
      componentMean: Variant.has(.codeOnClass)
        ? source["component mean"].tensor([components, latent], .normal(deviation: configuration.componentSpread)) : nil,
      componentScale: Variant.has(.codeOnClass) ? source.tensor([components, latent], .constant(0)) : nil,
      decoder: mlp([Variant.has(.itemOnAuxiliary) ? auxiliary : 0, latent], classes: Variant.has(.itemOnClass), source["decoder"]),
      output: head(width, source["output"]),
      outputScale: configuration.observation.hasScaleHead ? head(width, source["output scale"]) : nil)
    if Variant.has(.auxiliary) {
      network.auxiliary = mlp([width], classes: false, source["auxiliary"])
      network.auxiliaryMean = head(auxiliary, source["auxiliary mean"])
      network.auxiliaryScale = head(auxiliary, source["auxiliary scale"])
      network.auxiliaryPrior = mlp([configuration.auxiliarySeesItem ? width : 0, latent], classes: true, source["auxiliary prior"])
      network.auxiliaryPriorMean = head(auxiliary, source["auxiliary prior mean"])
      network.auxiliaryPriorScale = head(auxiliary, source["auxiliary prior scale"])
    }
    if Variant.has(.classOnCode) {
      network.classPrior = mlp([latent], classes: false, source["class prior"])
      network.classPriorOutput = head(components, source["class prior output"])
    }
  }
}

/// What sets a semi-supervised model apart from the others.
package protocol SemiSupervisedVariant: Sendable {
  static var name: String { get }
  static var summary: String { get }
  static var purpose: FamilyPurpose { get }
  static var dependencies: Dependencies { get }
  /// Draws of a that q(y|x) is averaged over where the configuration doesn't say; none take its mean.
  static var classDraws: Int { get }
  /// What can be set, built once.
  static var settings: Table<SemiSupervisedConfiguration<Self>> { get }
}

extension SemiSupervisedVariant {
  static func has(_ dependencies: Dependencies) -> Bool { self.dependencies.isSuperset(of: dependencies) }
}

/// What of a semi-supervised model depends on what, beside x on z.
package struct Dependencies: OptionSet, Sendable {
  package let rawValue: Int

  package init(rawValue: Int) { self.rawValue = rawValue }

  /// z on y: p(z|y) is a Gaussian of each class; without it p(z) is a standard normal.
  package static let codeOnClass = Dependencies(rawValue: 1)
  /// x on y.
  package static let itemOnClass = Dependencies(rawValue: 2)
  /// An auxiliary variable a stands between x and the others.
  package static let auxiliary = Dependencies(rawValue: 4)
  /// x on a, which is then a layer of the generative model, p(a|z, y) p(x|a, z, y), and not of the posterior alone.
  package static let itemOnAuxiliary = Dependencies(rawValue: 8)
  /// y on z: p(y|z) is a network; without it p(y) is a constant of each class.
  package static let classOnCode = Dependencies(rawValue: 16)
}
