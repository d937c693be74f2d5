internal import Distributions
package import Modelling
package import Networks
package import Tensors

/// The δ-VAE (Razavi et al. 2019): a VAE whose decoder could do without its code, p(x|z) = Π p(x_i | x_<i, z), and whose code is kept in use by what q
/// and p can be: KL(q(z|x) ‖ p(z)) ≥ δ whatever the weights are, so that the plain ELBO has nothing to gain from ignoring z.
///
/// The encoder sees the whole image, and all of z conditions every pixel. The anti-causal encoder of the paper, of which step t sees what comes from t
/// on, is for decoders that read the steps in time; here already the first pixel can use them all.
package struct DeltaVAE: ModelFamily {
  package static let name = "delta_vae"
  package static let summary =
    "VAE with an autoregressive decoder over pixels, whose prior and posterior commit it to a least rate, so that the code is not ignored."
  package static let purpose = FamilyPurpose(
    .codes, choose: "for sharp images by a decoder that sees the pixels so far, with a code that stays in use")

  package struct Network: Module {
    package var encoder: Sequential
    package var mean: Linear
    package var scale: Linear
    package var decoder: GatedPixelCNN

    package static let fields: [Field<Self>] = [
      .child("encoder", \.encoder), .child("mean", \.mean), .child("scale", \.scale), .child("decoder", \.decoder),
    ]
  }

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network
  /// p(z), and what q(z|x) can be.
  package let code: CommittedCode

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    try configuration.validate()
    try signature.check()
    try configuration.observation.check(signature)
    guard let picture = signature.space.picture else {
      throw Fault(field: "signature.kind", given: signature.space.kind.rawValue, expected: "image: this family draws pixel by pixel")
    }
    (self.configuration, self.signature, code) = (configuration, signature, configuration.committed.code)
    var (makers, width) = ([LayerMaker](), signature.width)
    if !configuration.convolutions.isEmpty {
      let stack = try ImageStack(configuration.convolutions, on: picture.extents, activation: configuration.activation, batchNorm: false)
      (makers, width) = (stack.encoder, stack.top.count)
    }
    makers += [LayerMaker].mlp(width, configuration.hidden, configuration.activation)
    let features = configuration.hidden.last ?? width
    network = Network(
      encoder: Sequential(makers, source["encoder"]), mean: Linear(features, code.width, source["mean"]),
      scale: Linear(features, code.width, source["scale"]),
      decoder: GatedPixelCNN(
        picture, codes: code.width, features: configuration.channels, layers: configuration.layers, reach: configuration.kernel / 2,
        heads: configuration.observation.hasScaleHead ? 2 : 1, source["decoder"]))
  }
}

// MARK: - The factors

extension DeltaVAE {
  var observation: Observation { configuration.observation }

  /// q(z|x); x: [n, width].
  func posterior(_ network: Network, _ x: Tensor, _ mode: Mode) -> Normal {
    let h = network.encoder(x, mode)
    return code.posterior(mean: network.mean(h, mode), scale: network.scale(h, mode))
  }

  /// Images that go through the decoder at once, few enough for their features to stay in the cache; the cut changes no bit of an answer.
  private static let block = 32

  /// Σ_i ln p(x_i | x_<i, z) in model units: [n].
  func logLikelihood(_ network: Network, _ x: Tensor, _ z: Tensor, _ mode: Mode) -> Tensor {
    let n = x.shape[0]
    let parts = stride(from: 0, to: n, by: Self.block).map { start in
      let rows = start..<min(start + Self.block, n)
      let x = x.slice(0, rows)
      return observation.logProbability(of: x, heads(network.decoder(x, z.slice(0, rows), mode)))
    }
    return parts.isEmpty ? .zeros([0]) : Tensor.concatenated(parts)
  }

  /// The decoder's outputs as parameters of p: [n, heads · channels, ...] -> [n, ...] flat each.
  private func heads(_ outputs: Tensor) -> Heads {
    guard observation.hasScaleHead else { return Heads(location: outputs.flattened()) }
    let parts = outputs.split(1, into: 2)
    return Heads(location: parts[0].flattened(), scale: parts[1].flattened())
  }

  /// The parameters of p(x_i | x_<i, z) of every number of whole items: [n, width] each.
  package func conditionals(of x: Tensor, given z: Tensor) -> Heads { heads(network.decoder(x, z, .evaluation)) }

  /// x ~ p(x|z), pixel by pixel; where `mean`, E[x_i | x_<i, z] along the way in place of every pixel, which on average over draws is E[x|z].
  ///
  /// - Parameter keys: of the draws; where nil all items have the same noise, so that what is answered depends on z alone.
  func draw(_ z: Tensor, mean: Bool, keys: RowKeys?) -> Tensor {
    let n = z.shape[0]
    let keys = (keys ?? Self.sharedNoise(rows: n)).split("observation")
    let parts = stride(from: 0, to: n, by: Self.drawnAtOnce).map { start in
      let rows = start..<min(start + Self.drawnAtOnce, n)
      let keys = keys.slice(rows)
      return network.decoder.drawing(z.slice(0, rows)) { pixel, outputs in
        let heads = heads(outputs)
        let x = observation.sample(heads, keys: keys.split(pixel))
        return (x, mean ? observation.mean(heads) : x)
      }
    }
    return parts.isEmpty ? .zeros([0, signature.width]) : Tensor.concatenated(parts)
  }

  /// The same noise for every row.
  package static func sharedNoise(rows: Int) -> RowKeys {
    .joined([RowKeys](repeating: RowKeys(RandomKey(seed: 0), rows: 0..<1), count: rows))
  }

  /// Images that are drawn side by side.
  private static let drawnAtOnce = 256
}
