package import Tensors

// What is believed of missing numbers, as it is told: in raw units.
extension Imputing {
  /// Numbers a row of what is believed of every column, or of all pixels of an image together: of `Imputation.rawMarginals`.
  package var marginalWidths: [Int] {
    if signature.kind == .image { return [2 * signature.width] }
    guard let columns = signature.columns else { return [Int](repeating: 4, count: signature.width) }
    return columns.map { $0.categories?.count ?? 4 }
  }
}

extension Imputation {
  /// The marginals in raw units: probabilities of categories; mean, deviation and quantiles of numbers; means and deviations of pixels.
  package func rawMarginals(_ signature: Signature) -> [Tensor] {
    marginals.enumerated().map { column, marginal in
      switch marginal {
      case .categorical(let values): return values
      case .raw(let values): return bounded(values, by: signature.columns?[column])
      case .real(let values):
        // The deviation alone is not shifted.
        let (offset, scale) = signature.scaling(at: column)
        return bounded(values * Tensor(scale) + Tensor([offset, 0, offset, offset]), by: signature.columns?[column])
      case .pixels(let mean, let deviation):
        let raw = signature.toRaw(deviation)
        return Tensor.concatenated([signature.toRaw(mean), raw - signature.scaling(at: 0).offset], axis: 1)
      }
    }
  }

  /// Mean and quantiles moved into the bounds of their column, as draws are: a quantile of moved draws is the moved quantile.
  private func bounded(_ marginal: Tensor, by column: Signature.Column?) -> Tensor {
    guard let column, column.minimum != nil || column.maximum != nil else { return marginal }
    return Tensor(shape: marginal.shape, scalars: marginal.scalars.enumerated().map { $0 % 4 == 1 ? $1 : column.bounded($1) })
  }
}
