/// Bits back through a hierarchy, each layer in bins of its own conditional prior (HiLLoC, Townsend et al. 2020).
package struct HierarchicalBitsBack<Model: CodedHierarchy>: Codec {
  package let model: Model
  package let bins: GaussianBins
  package let precision: Int

  /// - Parameter precision: of posteriors.
  package init(_ model: Model, bins: GaussianBins, precision: Int = 18) {
    self.model = model
    self.bins = bins
    self.precision = precision
  }

  package func push(_ item: Model.Likelihood.Symbol, onto message: inout Message) throws(CodingError) {
    let evidence = try model.evidence(of: item)
    var state = try model.top()
    var indices: [[Int]] = []
    for layer in 0..<model.layers {
      let prior = try model.prior(layer, state)
      let code = try posterior(layer, state, prior, evidence).pop(from: &message)
      indices.append(code)
      state = try model.below(layer, state, codes: bins.latents(code, of: prior))
    }
    try model.likelihood(state).push(item, onto: &message)
    for code in indices.reversed() { try bins.prior(code.count).push(code, onto: &message) }
  }

  package func pop(from message: inout Message) throws(CodingError) -> Model.Likelihood.Symbol {
    var steps: [(state: Model.State, prior: Gaussians, code: [Int])] = []
    var state = try model.top()
    for layer in 0..<model.layers {
      let prior = try model.prior(layer, state)
      let code = try bins.prior(prior.count).pop(from: &message)
      steps.append((state, prior, code))
      state = try model.below(layer, state, codes: bins.latents(code, of: prior))
    }
    let item = try model.likelihood(state).pop(from: &message)
    let evidence = try model.evidence(of: item)
    for (layer, step) in steps.enumerated().reversed() {
      try posterior(layer, step.state, step.prior, evidence).push(step.code, onto: &message)
    }
    return item
  }

  private func posterior(
    _ layer: Int, _ state: Model.State, _ prior: Gaussians, _ evidence: Model.Evidence
  ) throws(CodingError) -> QuantisedGaussian {
    try QuantisedGaussian(
      bins: bins, priors: prior, posteriors: model.posterior(layer, state, evidence), support: .likelyBins, precision: precision)
  }
}
