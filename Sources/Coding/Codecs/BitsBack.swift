/// Bits back coding (Townsend et al. 2019): an item by way of its code, which is drawn with bits of the message that come back when it is read.
///
/// An item s costs log q(y|s) - log p(s|y) - log p(y), on average the negative evidence lower bound of the model.
package struct BitsBack<Prior: Codec, Likelihood: Codec, Posterior: Codec>: Codec where Prior.Symbol == Posterior.Symbol {
  package let prior: Prior
  package let likelihood: @Sendable (Prior.Symbol) throws(CodingError) -> Likelihood
  package let posterior: @Sendable (Likelihood.Symbol) throws(CodingError) -> Posterior

  /// - Parameters:
  ///   - prior: p(y)
  ///   - likelihood: p(s|y)
  ///   - posterior: q(y|s)
  package init(
    prior: Prior, likelihood: @escaping @Sendable (Prior.Symbol) throws(CodingError) -> Likelihood,
    posterior: @escaping @Sendable (Likelihood.Symbol) throws(CodingError) -> Posterior
  ) {
    self.prior = prior
    self.likelihood = likelihood
    self.posterior = posterior
  }

  package func push(_ item: Likelihood.Symbol, onto message: inout Message) throws(CodingError) {
    let code = try posterior(item).pop(from: &message)
    try likelihood(code).push(item, onto: &message)
    try prior.push(code, onto: &message)
  }

  package func pop(from message: inout Message) throws(CodingError) -> Likelihood.Symbol {
    let code = try prior.pop(from: &message)
    let item = try likelihood(code).pop(from: &message)
    try posterior(item).push(code, onto: &message)
    return item
  }
}
