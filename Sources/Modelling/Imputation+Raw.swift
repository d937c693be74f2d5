package import Tensors

// What is believed of missing numbers, as it is told: in raw units.
extension Imputing {
  /// Numbers a row of what is believed of every column, or of all pixels of an image together: of `Imputation.rawMarginals`.
  package var marginalWidths: [Int] {
    let space = signature.space
    guard space.isRow else { return [2 * space.width] }
    return (0..<space.width).map { space.categories(at: $0)?.count ?? 4 }
  }
}

extension Imputation {
  /// The marginals in raw units: probabilities of categories; mean, deviation and quantiles of numbers; means and deviations of pixels.
  package func rawMarginals(_ signature: Signature) -> [Tensor] {
    let space = signature.space
    return marginals.enumerated().map { column, marginal in
      switch marginal {
      case .categorical(let values): return values
      case .raw(let values): return bounded(values, by: space.bounds(at: column))
      case .real(let values):
        // The deviation alone is not shifted.
        let (offset, scale) = space.scaling(at: column)
        return bounded(values * Tensor(scale) + Tensor([offset, 0, offset, offset]), by: space.bounds(at: column))
      case .pixels(let mean, let deviation):
        let raw = signature.toRaw(deviation)
        return Tensor.concatenated([signature.toRaw(mean), raw - space.scaling(at: 0).offset], axis: 1)
      }
    }
  }

  /// Mean and quantiles moved into the bounds of their column, as draws are: a quantile of moved draws is the moved quantile.
  private func bounded(_ marginal: Tensor, by bounds: Space.Bounds) -> Tensor {
    guard bounds.minimum != nil || bounds.maximum != nil else { return marginal }
    let (minimum, maximum) = (bounds.minimum ?? -.infinity, bounds.maximum ?? .infinity)
    return Tensor(shape: marginal.shape, scalars: marginal.scalars.enumerated().map { $0 % 4 == 1 ? $1 : min(max($1, minimum), maximum) })
  }
}
