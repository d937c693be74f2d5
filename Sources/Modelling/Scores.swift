package import Tensors

/// What a model says about every item, in nats of raw units (densities carry the scaling's Jacobian), by name.
package struct Scores: Sendable {
  /// What a number has to do with the exact one.
  package enum Kind: String, Sendable {
    case exact
    case lowerBound = "lower_bound"
    case upperBound = "upper_bound"
    /// Right on average, or nearly so.
    case estimate
  }

  /// One number an item.
  package struct Term: Sendable, Hashable {
    package let name: String
    package let kind: Kind
    /// The layer of latent variables that it is of, where it is of one of several.
    package let layer: Int?

    package init(_ name: String, _ kind: Kind, layer: Int? = nil) { (self.name, self.kind, self.layer) = (name, kind, layer) }

    /// ln p(x).
    package static let exact = Term("nats", .exact)
    /// E_q[ln p(x|z)] - KL(q || p), one draw of z.
    package static let elbo = Term("elbo_nats", .lowerBound)
    /// KL(q(z|x) || p(z)), or its estimate at that draw.
    package static let kl = Term("kl_nats", .estimate)
    /// ln p(x|z) at that draw.
    package static let reconstruction = Term("reconstruction_nats", .estimate)
    /// ln 1/k Σ p(x, z_k) / q(z_k | x), Burda et al. 2016.
    package static let iwae = Term("iwae_nats", .lowerBound)

    /// KL(q || p) of one of several layers, 0 being nearest the data.
    package static func kl(layer: Int) -> Term { Term("layer_\(layer)_kl_nats", .estimate, layer: layer) }

    /// What families with latent variables in one layer answer.
    package static let bounds = bounds(layers: 1)

    /// What those with several layers answer: the KL of each besides.
    package static func bounds(layers: Int) -> [Term] {
      [elbo, kl, reconstruction] + (layers > 1 ? (0..<layers).map { kl(layer: $0) } : []) + [iwae]
    }
  }

  /// The terms and their numbers, [n] each; the last term is what is known best of ln p(x).
  package let values: [(term: Term, values: Tensor)]

  package init(_ values: [(term: Term, values: Tensor)]) { self.values = values }

  package init(elbo: Tensor, kl: Tensor, reconstruction: Tensor, iwae: Tensor) {
    self.init([(.elbo, elbo), (.kl, kl), (.reconstruction, reconstruction), (.iwae, iwae)])
  }

  /// - Parameter layers: the KL of every layer, the one nearest the data first; the bound has their sum.
  package init(layers: [Tensor], reconstruction: Tensor, iwae: Tensor) {
    let kl = layers.dropFirst().reduce(layers[0], +)
    let values = [reconstruction - kl, kl, reconstruction] + (layers.count > 1 ? layers : []) + [iwae]
    self.init(Array(zip(Term.bounds(layers: layers.count), values)).map { (term: $0.0, values: $0.1) })
  }

  package init(exact: Tensor) { self.init([(.exact, exact)]) }

  /// - Precondition: the family's `scoreTerms` name the term.
  package subscript(term: Term) -> Tensor {
    guard let values = values.first(where: { $0.term == term })?.values else { preconditionFailure("no \(term.name) among the scores") }
    return values
  }
}
