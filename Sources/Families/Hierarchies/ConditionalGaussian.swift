internal import Distributions
internal import Modelling
package import Networks
internal import Tensors

/// A diagonal Gaussian given other variables: hidden layers, then a head for its mean and one for its scale.
package struct ConditionalGaussian: Module {
  package var hidden: Sequential
  package var mean: Block
  package var scale: Block

  package static let fields: [Field<Self>] = [.child("hidden", \.hidden), .child("mean", \.mean), .child("scale", \.scale)]

  /// - Parameters:
  ///   - widths: of the hidden layers.
  ///   - normalisesHeads: whether batch normalisation stands behind the heads, too.
  init(
    _ inputs: Int, _ outputs: Int, hidden widths: [Int], _ data: VAE.Configuration, normalisesHeads: Bool = false, _ source: ParameterSource
  ) {
    let width = widths.last ?? inputs
    func head(_ source: ParameterSource) -> Block {
      guard normalisesHeads else { return Block(Linear(width, outputs, source)) }
      return Block(Sequential([LayerMaker { Linear(width, outputs, $0) }, LayerMaker { BatchNorm(outputs, $0) }], source))
    }
    hidden = Sequential(.mlp(inputs, widths, data.activation, batchNorm: data.batchNorm), source["hidden"])
    (mean, scale) = (head(source["mean"]), head(source["scale"]))
  }

  /// The distribution from what the hidden layers make.
  func normal(features h: Tensor, _ data: VAE.Configuration, _ mode: Mode) -> Normal {
    data.scale.normal(mean: mean(h, mode), head: scale(h, mode), floor: data.scaleFloor)
  }

  func callAsFunction(_ input: Tensor, _ data: VAE.Configuration, _ mode: Mode) -> Normal { normal(features: hidden(input, mode), data, mode) }
}
