package import Coding
package import Modelling
internal import Networks
package import Tensors

extension RRVQ: CodeMapCompressing {
  package func levels() throws(Fault) -> Int { try configuration.observation.levels() }

  package static func lackOfCodecs(in configuration: Configuration) -> Fault? {
    do throws(Fault) { _ = try configuration.observation.levels() } catch { return error }
    return nil
  }

  package func bounds(_ x: Tensor, keys: RowKeys) -> Tensor { score(x, draws: 1, keys: keys)[.elbo] }

  package var hierarchy: CodeMapHierarchy { CodeMapHierarchy(model: self) }
}

/// An item as the codec meets it: layers from the top down.
package struct CodeMapHierarchy: CategoricalHierarchy {
  let model: RRVQ

  package var layers: Int { model.layers }
  package var codes: Int { model.latentWidths.reduce(0, +) }

  package func evidence(of item: [Int]) throws(CodingError) -> [Tensor] {
    let levels: Int
    do throws(Fault) { levels = try model.levels() } catch { preconditionFailure("a hierarchy of a model without codecs: \(error)") }
    let x = model.configuration.observation.shown(Levels(levels, model.signature).units([item]))
    return model.network.evidence(of: model.images(x), .evaluation)
  }

  package func top() -> Tensor { model.network.start(rows: 1) }

  package func prior(_ layer: Int, _ state: Tensor) throws(CodingError) -> CategoricalRows {
    let place = place(layer)
    return try rows(model.network.logPrior(place, state, model.network.down[place].codebook, .evaluation), precision: CodeMapPrecision.prior)
  }

  package func posterior(_ layer: Int, _ state: Tensor, _ evidence: [Tensor]) throws(CodingError) -> CategoricalRows {
    let place = place(layer)
    return try rows(model.logPosterior(place, of: model.network.query(place, state, evidence[place], .evaluation)), precision: posteriorPrecision)
  }

  package func below(_ layer: Int, _ state: Tensor, codes: [Int]) -> Tensor {
    let place = place(layer)
    return model.network.below(place, state, embedding: model.network.down[place].codebook.embedding(of: codes), .evaluation)
  }

  package func likelihood(_ bottom: Tensor) throws(CodingError) -> SymbolCodec {
    let observation = model.configuration.observation
    return try observation.codecs(model.network.heads(bottom, hasScale: observation.hasScaleHead, .evaluation))[0]
  }

  /// Networks count layers from the data up.
  private func place(_ layer: Int) -> Int { layers - 1 - layer }

  /// The nearest code has to be popped all but always, or an item would be coded by way of another.
  private var posteriorPrecision: Int { model.isNearest ? CodeMapPrecision.prior : CodeMapPrecision.posterior(choices: model.configuration.codes) }

  private func rows(_ logits: Tensor, precision: Int) throws(CodingError) -> CategoricalRows {
    try CategoricalRows(logits: logits.scalars, alphabet: model.configuration.codes, precision: precision)
  }
}
