package import Coding
package import Distributions
package import Modelling
internal import Networks
package import Tensors

extension LadderVAE: HierarchicallyCompressing {
  package func levels() throws(Fault) -> Int { try configuration.data.observation.levels() }

  package static func lackOfCodecs(in configuration: Configuration) -> Fault? {
    do throws(Fault) { _ = try configuration.data.observation.levels() } catch { return error }
    return nil
  }

  package func prepared() -> LadderVAE { self }

  package func bounds(_ x: Tensor, of items: Signature, keys: RowKeys) -> Tensor { score(x, draws: 1, keys: keys)[.elbo] }

  package func hierarchy(of items: Signature) -> LadderHierarchy { LadderHierarchy(model: self) }
}

/// An item as the codec meets it: layers from the top down.
package struct LadderHierarchy: CodedHierarchy {
  let model: LadderVAE

  /// The codes of the layer above; nothing above the top.
  package typealias State = Tensor?

  package var layers: Int { model.layers }
  package var codes: Int { model.latentWidths.reduce(0, +) }

  /// N(m_i, s_i²) of every layer.
  package func evidence(of item: [Int]) throws(CodingError) -> [Distributions.Normal] {
    let levels: Int
    do throws(Fault) { levels = try model.levels() } catch { preconditionFailure("a hierarchy of a model without codecs: \(error)") }
    let x = Levels(levels, model.signature).units([item])
    return model.evidence(model.network, model.data.observation.shown(x), .evaluation)
  }

  package func top() -> State { nil }

  package func prior(_ layer: Int, _ above: State) throws(CodingError) -> Gaussians {
    guard let above else { return .standard(model.latentWidths[place(layer)]) }
    return try gaussians(model.prior(model.network, of: place(layer), given: above, .evaluation))
  }

  package func posterior(_ layer: Int, _ above: State, _ evidence: [Distributions.Normal]) throws(CodingError) -> Gaussians {
    try gaussians(model.posterior(model.network, evidence, of: place(layer), given: above, .evaluation))
  }

  package func below(_ layer: Int, _ above: State, codes: [Float]) -> State { Tensor(shape: [1, codes.count], scalars: codes) }

  package func likelihood(_ bottom: State) throws(CodingError) -> SymbolCodec {
    guard let bottom else { preconditionFailure("a likelihood above the last layer") }
    return try model.data.observation.codecs(model.decode(model.network, [bottom], .evaluation))[0]
  }

  /// Networks count layers from the data up.
  private func place(_ layer: Int) -> Int { layers - 1 - layer }

  private func gaussians(_ normal: Distributions.Normal) throws(CodingError) -> Gaussians {
    try Gaussians(means: normal.mean.scalars, deviations: normal.deviation.scalars)
  }
}
