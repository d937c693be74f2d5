package import Networks
package import Tensors

/// One layer of a ladder: what leads up to its latent variables, and back down from them.
package struct LadderLevel: Module {
  /// g_l: the features of the layer below -> this layer's.
  package var encoder: Sequential
  package var rung: Sequential
  package var mean: Linear
  package var scale: Linear
  /// v_l: z_l -> as many features as this layer has.
  package var injection: Sequential
  /// Of a gated merge: [features].
  package var gate: Tensor?
  /// f_l: this layer's features -> those of the layer below; of the lowest layer, all but the output.
  package var decoder: Sequential

  package static let fields: [Field<Self>] = [
    .child("encoder", \.encoder), .child("rung", \.rung), .child("mean", \.mean), .child("scale", \.scale), .child("injection", \.injection),
    .parameter("gate", \.gate), .child("decoder", \.decoder),
  ]
}

/// The network of the ladder families; layers and priors are numbered from the one nearest the data.
package struct LadderNetwork: Module {
  package var levels: [LadderLevel]
  package var output: Block
  package var outputScale: Block?
  /// None where every prior is a standard normal.
  package var priors: [MixturePrior]

  package static let fields: [Field<Self>] = [
    .child("levels", \.levels), .child("output", \.output), .child("output_scale", \.outputScale), .child("priors", \.priors),
  ]

  /// p(z_l) of a layer.
  package func prior(_ layer: Int) -> LatentPrior { priors.isEmpty ? .normal : .mixture(priors[layer].mixture) }
}
