internal import Distributions
package import Modelling
internal import Networks
package import Tensors

extension HiLLoC {
  /// One pass down at draws of q.
  struct Bound {
    /// p(x|z)
    let pixels: ByteLogistic
    /// KL(q(z_l | z_>l, x) || p(z_l | z_>l)) of every channel, the layer nearest the data first: [n, latent] each.
    let costs: [Tensor]
    /// ln p(z) - ln q(z|x) at the draws: [n].
    let logRatio: Tensor
  }

  /// Images of the signature's own size.
  var own: ByteImages { images(signature) }

  func images(_ items: Signature) -> ByteImages {
    guard let picture = items.space.picture else { preconditionFailure("items of \(items.space.summary)") }
    return ByteImages(channels: picture.channels, height: picture.height, width: picture.width)
  }

  /// - Parameters:
  ///   - bytes: [n, width].
  ///   - latent: of every layer's draw; where nil the means are taken.
  func bound(_ network: Network, _ bytes: Tensor, _ size: ByteImages, latent: RowKeys?, _ mode: Mode) -> Bound {
    let n = bytes.shape[0]
    let evidence = network.evidence(of: size.images(bytes), mode)
    var (costs, ratios): ([Tensor], [Tensor]) = ([], [])
    let pixels = descend(network, rows: n, size, mode) { layer, state in
      let (p, q) = (state.prior.normal, (evidence[layer] + state.shift).normal)
      let z = latent.map { q.sample($0.split(layer)) } ?? q.mean
      // In closed form given the layers above, where the authors take it at the draw: the same on average, and steadier.
      let places = p.mean.shape[1] / network.latent
      costs.insert(q.divergencePerDimension(from: p).reshaped([n * network.latent, places]).rowSums().reshaped([n, network.latent]), at: 0)
      if !z.isWatched { ratios.append(p.logProbability(of: z) - q.logProbability(of: z)) }
      return z
    }
    return Bound(pixels: pixels, costs: costs, logRatio: ratios.reduce(.zeros([n]), +))
  }

  /// p(x|z) at latent variables that are found layer by layer from the top: [n, latent h w] each.
  private func descend(
    _ network: Network, rows: Int, _ size: ByteImages, _ mode: Mode, _ codes: (_ layer: Int, DownState) -> Tensor
  ) -> ByteLogistic {
    let (height, width) = size.grid
    var state = network.start(rows: rows, height: height, width: width, mode)
    for layer in (1..<configuration.layers).reversed() {
      let z = codes(layer, state).reshaped(state.prior.mean.shape)
      state = network.state(network.sum(below: layer, state, z, mode), layer - 1, mode)
    }
    let sum = network.sum(below: 0, state, codes(0, state).reshaped(state.prior.mean.shape), mode)
    return pixels(network, sum, size, mode)
  }

  func pixels(_ network: Network, _ sum: Tensor, _ size: ByteImages, _ mode: Mode) -> ByteLogistic {
    ByteLogistic(mean: size.rows(network.means(sum, mode)), logScale: network.logScale.reshaped([1, 1]))
  }
}

extension HiLLoC: Sampling {
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    guard options.given == .nothing else {
      throw Fault(field: "given", given: "a condition", expected: "nothing: a hilloc samples from its prior alone")
    }
    let latent = keys.split("latent")
    let pixels = descend(network, rows: keys.count, own, .evaluation) { layer, state in
      let p = state.prior.normal
      return p.sample(noise: p.noise(latent.split(layer)) * options.temperature)
    }
    return (options.mean ? pixels.mean : pixels.sample(keys.split("observation"))) / 255
  }
}

extension HiLLoC: Reconstructing {
  package func reconstruct(_ x: Tensor, sampling: Bool, keys: RowKeys) -> Tensor {
    bound(network, ByteImages.bytes(x), own, latent: sampling ? keys.split("latent") : nil, .evaluation).pixels.mean / 255
  }
}

extension HiLLoC: Scoring {
  package var observationModel: String { "logistic of one learned scale over 256 levels, cut off at black and white" }

  package var scoreTerms: [Scores.Term] { Scores.Term.bounds(layers: configuration.layers) }

  package func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores { score(x, own, draws: draws, keys: keys) }

  /// Of images of any size.
  func score(_ x: Tensor, _ size: ByteImages, draws: Int, keys: RowKeys) -> Scores {
    let (n, bytes) = (x.shape[0], ByteImages.bytes(x))
    var weights = LogMeanExp()
    var (reconstruction, costs) = (Tensor.zeros([n]), [Tensor]())
    for draw in 0..<max(draws, 1) {
      let bound = bound(network, bytes, size, latent: keys.split("latent").split(draw), .evaluation)
      let logLikelihood = bound.pixels.logProbability(of: bytes)
      if draw == 0 { (reconstruction, costs) = (logLikelihood, bound.costs.map { $0.rowSums() }) }
      weights.add(logLikelihood + bound.logRatio)
    }
    return Scores(layers: costs, reconstruction: reconstruction, iwae: weights.value)
  }
}
