package import Modelling
package import Networks
package import Tensors

/// A finite mixture over the columns of a table, whose conditionals are known exactly: it imputes, scores, samples and clusters without a network.
///
/// p(x) = Σ_k π_k p_k(x). Cells are coordinates: a number is one, categories are one-hot. With P = Σ⁻¹ and C = (P_mm)⁻¹,
/// E[x_m | x_o] = μ_m - C P_mo (x_o - μ_o) and Cov[x_m | x_o] = C; ln |Σ_oo| = ln |Σ| + ln |P_mm|. Categories to be filled in are taken in the order
/// of the columns, numbers behind them, each given those before it (the chain rule): the probability of a category is its one-hot's conditional mean,
/// held above a floor and normalised. Weights are float32; everything is computed from them in double.
package struct Mixture: ModelFamily {
  package static let name = "mixture"
  package static let summary =
    "Mixture with exact conditionals over numbers and categories: imputes, scores, samples and clusters tables, also small ones, within seconds."
  package static let purpose = FamilyPurpose(.imputation, choose: "for small tables of numbers and categories: exact conditionals, learnt in seconds")

  package struct Network: Module {
    /// ln π_k, unnormalised: [k]
    package var logits: Tensor
    /// Of a category under kind categorical: its logit. [k, coordinates]
    package var means: Tensor
    /// V_k of P_k = V_k' V_k, the rows of lower triangles one behind the other, the diagonal as its logarithm: [k, d (d + 1) / 2].
    package var roots: Tensor?
    /// ln σ of a number, or ½ ln D: [k, coordinates].
    package var logDeviations: Tensor?
    /// Λ_k: [k, coordinates, factors]
    package var loadings: Tensor?
    /// Of every number: [numbers, knots].
    package var quantiles: Tensor?
    /// 1 where a coordinate had the same value in every row that was learnt from; it keeps that value: [coordinates].
    package var constants: Tensor

    package static let fields: [Field<Self>] = [
      .parameter("logits", \.logits), .parameter("means", \.means), .parameter("precision_roots", \.roots),
      .parameter("log_deviations", \.logDeviations), .parameter("loadings", \.loadings), .parameter("quantiles", \.quantiles),
      .buffer("constants", \.constants),
    ]
  }

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network { didSet { known = MixtureDensity(plan, network) } }
  let plan: Plan
  /// nil where the network was only counted.
  private var known: MixtureDensity?

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    plan = try Plan(configuration, signature)
    (self.configuration, self.signature) = (plan.configuration, signature)
    network = plan.network(source)
    if case .drawing = source { known = MixtureDensity(plan, network) }
  }

  /// The network in double, as conditionals need it.
  var density: MixtureDensity {
    guard let known else { preconditionFailure("a network that was only counted has no numbers") }
    return known
  }
}
