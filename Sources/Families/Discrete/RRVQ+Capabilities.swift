internal import Distributions
package import Modelling
internal import Networks
package import Tensors

extension RRVQ: Sampling {
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    let sources = try options.given.sources(widths: latentWidths, items: signature.width)
    try check(sources)
    let codes = sources.enumerated().map { layer, source in
      // The likeliest codes of an item, one row for all.
      source.code(rows: keys.count, latent: latentWidths[layer]) { likeliest($0).codes[layer] }
    }
    return decode(codes, keys: keys, options)
  }

  /// Refuses values that number no code.
  private func check(_ sources: [LayerSource]) throws(Fault) {
    let last = configuration.codes - 1
    for (layer, source) in sources.enumerated() {
      guard case .code(let values) = source else { continue }
      guard let place = values.firstIndex(where: { !(0...Float(last)).contains($0) || $0 != $0.rounded() }) else { continue }
      throw Fault(field: "given.layers[\(layer)].values[\(place)]", given: "\(values[place])", expected: "a whole number from 0 to \(last), a code")
    }
  }
}

extension RRVQ: Decoding {
  /// Places of every map.
  package var latentWidths: [Int] { grids.map(\.places) }

  package var codeForms: [Code.Form] { latentWidths.map { .codes(places: $0, choices: configuration.codes) } }

  /// Maps of the likeliest codes, each given those above it, row by row from the top left.
  package func encode(_ x: Tensor) -> [Code] { likeliest(x).codes.map { .codes($0, choices: configuration.codes) } }

  package func decode(_ codes: [Tensor], keys: RowKeys, _ options: SampleOptions) -> Tensor {
    let (n, latent) = (keys.count, keys.split("latent"))
    let heads = descend(network, rows: n, .evaluation) { choice in
      let own = codes[choice.layer].filled {
        // argmax(ln p + T g) is a draw from p^(1/T).
        let noise = self.noise(latent, choice.layer) * options.temperature
        return Tensor(shape: [n, grids[choice.layer].places], scalars: (choice.logPrior + noise).argmaxRows().map(Float.init))
      }
      return choice.codebook.embedding(of: own.scalars.map { Int($0) })
    }
    return configuration.observation.items(heads, keys: keys, options)
  }

  private func likeliest(_ x: Tensor) -> HardPass { hardPass(network, configuration.observation.shown(x), latent: nil, .evaluation) }
}

extension RRVQ: Reconstructing {
  package func reconstruct(_ x: Tensor, sampling: Bool, keys: RowKeys) -> Tensor {
    let shown = configuration.observation.shown(x)
    return configuration.observation.mean(hardPass(network, shown, latent: sampling ? keys.split("latent") : nil, .evaluation).heads)
  }
}

extension RRVQ: Scoring {
  package var observationModel: String { configuration.observation.description }

  /// One code of q needs no second draw, so there is no importance-weighted bound of the nearest quantiser.
  package var scoreTerms: [Scores.Term] {
    guard isNearest else { return Scores.Term.bounds(layers: layers) }
    return [.kl, .reconstruction] + (layers > 1 ? (0..<layers).map { Scores.Term.kl(layer: $0) } : []) + [.elbo]
  }

  /// By hard codes alone: what relaxed ones would give is no bound.
  package func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores {
    let observation = configuration.observation
    let (observed, volume) = (observation.observed(x, keys: keys.split("binarise")), observation.logVolume(signature))
    var weights = LogMeanExp()
    var (reconstruction, costs) = (Tensor.zeros([x.shape[0]]), [Tensor]())
    for draw in 0..<(isNearest ? 1 : max(draws, 1)) {
      let pass = hardPass(network, observed, latent: keys.split("latent").split(draw), .evaluation)
      let logLikelihood = observation.logProbability(of: observed, pass.heads) - volume
      if draw == 0 { (reconstruction, costs) = (logLikelihood, pass.costs) }
      weights.add(logLikelihood + pass.logRatio)
    }
    guard isNearest else { return Scores(layers: costs, reconstruction: reconstruction, iwae: weights.value) }
    let kl = costs.dropFirst().reduce(costs[0], +)
    let values = [kl, reconstruction] + (layers > 1 ? costs : []) + [reconstruction - kl]
    return Scores(zip(scoreTerms, values).map { (term: $0, values: $1) })
  }
}
