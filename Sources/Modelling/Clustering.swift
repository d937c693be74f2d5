package import Tensors

/// Assigns items to the components of one mixture or of several, one a layer of latent variables.
package protocol Clustering: ModelFamily {
  /// Components of every layer's mixture, the layer nearest the data first.
  var componentCounts: [Int] { get }

  /// p(component | x), layer by layer: [n, components] each, rows that sum to 1.
  ///
  /// - Parameter draws: of z ~ q(z|x) that p(component | z) is averaged over; 0 takes the posterior mean for z. Of no consequence where q(component | x) is a network's
  ///   own output.
  func responsibilities(_ x: Tensor, draws: Int, keys: RowKeys) -> [Tensor]
}
