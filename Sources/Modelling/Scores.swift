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

    package init(_ name: String, _ kind: Kind) { (self.name, self.kind) = (name, kind) }

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

    /// What families with latent variables answer.
    package static let bounds = [elbo, kl, reconstruction, iwae]
  }

  /// The terms and their numbers, [n] each; the last term is what is known best of ln p(x).
  package let values: [(term: Term, values: Tensor)]

  package init(_ values: [(term: Term, values: Tensor)]) { self.values = values }

  package init(elbo: Tensor, kl: Tensor, reconstruction: Tensor, iwae: Tensor) {
    self.init([(.elbo, elbo), (.kl, kl), (.reconstruction, reconstruction), (.iwae, iwae)])
  }

  package init(exact: Tensor) { self.init([(.exact, exact)]) }

  /// - Precondition: the family's `scoreTerms` name the term.
  package subscript(term: Term) -> Tensor {
    guard let values = values.first(where: { $0.term == term })?.values else { preconditionFailure("no \(term.name) among the scores") }
    return values
  }
}
