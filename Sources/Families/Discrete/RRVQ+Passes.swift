internal import Distributions
internal import Modelling
package import Networks
package import Tensors

/// Where a layer's codes are chosen on the way down.
package struct Choice {
  package let layer: Int
  let codebook: Codebook
  /// Of the way down: [n, channels, h, w].
  let state: Tensor
  /// ln p(z_l | z_>l): [n places, codes].
  package let logPrior: Tensor
}

/// What a pass down at hard codes leaves.
package struct HardPass {
  /// The one nearest the data first: [n, places] whole numbers.
  package let codes: [Tensor]
  /// KL(q(z_l | z_>l, x) || p(z_l | z_>l)) in closed form given the codes above, or -ln p of the one code that q has: [n] each.
  package let costs: [Tensor]
  /// ln p(z) - ln q(z|x) at the codes: [n].
  package let logRatio: Tensor
  package let heads: Heads
  /// q(z_l | z_>l, x), logarithms: [n places, codes] each.
  package let logPosteriors: [Tensor]
  /// h^q of every layer: [n places, code width].
  package let queries: [Tensor]
}

extension RRVQ {
  /// What the prior's codes are learnt through: the nearest code's own losses teach its codebook, not its prior.
  func priorBook(_ network: Network, _ layer: Int) -> Codebook { isNearest ? network.down[layer].codebook.still : network.down[layer].codebook }

  /// One pass down: `choose` says what stands at every place of a layer, [n places, code width].
  package func descend(_ network: Network, rows: Int, _ mode: Mode, _ choose: (Choice) -> Tensor) -> Heads {
    var state = network.start(rows: rows)
    for layer in (0..<layers).reversed() {
      let choice = Choice(
        layer: layer, codebook: network.down[layer].codebook, state: state,
        logPrior: network.logPrior(layer, state, priorBook(network, layer), mode))
      state = network.below(layer, state, embedding: choose(choice), mode)
    }
    return network.heads(state, hasScale: configuration.observation.hasScaleHead, mode)
  }

  /// Rows of items as images: [n, width] -> [n, channels, height, width].
  func images(_ x: Tensor) -> Tensor {
    guard let picture = signature.space.picture else { preconditionFailure("items of \(signature.space.summary)") }
    return x.reshaped([x.shape[0], picture.channels, picture.height, picture.width])
  }

  /// Where the draws of a layer come from.
  func noise(_ latent: RowKeys, _ layer: Int) -> Tensor {
    let (n, places, k) = (latent.count, grids[layer].places, configuration.codes)
    return latent.split(layer).gumbel(places * k).reshaped([n * places, k])
  }

  /// ln q(z_l | z_>l, x) at a query: [n places, codes].
  func logPosterior(_ layer: Int, of h: Tensor) -> Tensor { logPosterior(of: h, network.down[layer].codebook) }

  private func logPosterior(of h: Tensor, _ codebook: Codebook) -> Tensor {
    let logR = codebook.logResponsibilities(of: h)
    return isNearest ? .certain(logR.argmaxRows(), of: codebook.count) : logR
  }

  /// A pass down at codes of q: draws of it, or the likeliest ones where `latent` is nil; the nearest quantiser has no others.
  package func hardPass(_ network: Network, _ x: Tensor, latent: RowKeys?, _ mode: Mode) -> HardPass {
    let n = x.shape[0]
    let evidence = network.evidence(of: images(x), mode)
    var (codes, costs, ratios, posteriors, queries): ([Tensor], [Tensor], [Tensor], [Tensor], [Tensor]) = ([], [], [], [], [])
    let heads = descend(network, rows: n, mode) { choice in
      let places = grids[choice.layer].places
      let h = network.query(choice.layer, choice.state, evidence[choice.layer], mode)
      let logR = logPosterior(of: h, choice.codebook)
      let noise = isNearest ? nil : latent.map { self.noise($0, choice.layer) }
      let indices = (noise.map { logR + $0 } ?? logR).argmaxRows()
      let logP = choice.logPrior.chosen(indices).reshaped([n, places]).rowSums()
      if isNearest {
        costs.insert(-logP, at: 0)
        ratios.append(logP)
      } else {
        costs.insert(Codebook.divergence(logR, from: choice.logPrior).reshaped([n, places]).rowSums(), at: 0)
        ratios.append(logP - logR.chosen(indices).reshaped([n, places]).rowSums())
      }
      posteriors.insert(logR, at: 0)
      queries.insert(h, at: 0)
      codes.insert(Tensor(shape: [n, places], scalars: indices.map(Float.init)), at: 0)
      return choice.codebook.embedding(of: indices)
    }
    return HardPass(
      codes: codes, costs: costs, logRatio: ratios.dropFirst().reduce(ratios[0], +), heads: heads, logPosteriors: posteriors, queries: queries)
  }

  /// ln p(x, z) of codes that are given, the layer nearest the data first, [n, places] whole numbers each: [n], in model units.
  package func logJoint(of x: Tensor, codes: [Tensor]) -> Tensor {
    let n = x.shape[0]
    var logPriors: [Tensor] = []
    let heads = descend(network, rows: n, .evaluation) { choice in
      let indices = codes[choice.layer].scalars.map { Int($0) }
      logPriors.append(choice.logPrior.chosen(indices).reshaped([n, grids[choice.layer].places]).rowSums())
      return choice.codebook.embedding(of: indices)
    }
    return logPriors.reduce(configuration.observation.logProbability(of: x, heads), +)
  }
}

extension Tensor {
  /// One number of every row: [rows, columns] -> [rows].
  func chosen(_ columns: [Int]) -> Tensor {
    let width = shape[1]
    return reshaped([count]).gather(columns.enumerated().map { $0.offset * width + $0.element })
  }

  /// Logarithms of rows in which one choice has all: 0 there, and elsewhere what is as good as none.
  fileprivate static func certain(_ indices: [Int], of k: Int) -> Tensor {
    (Categorical.oneHot(indices, shape: [indices.count, k]) - 1) * 1e9
  }
}
