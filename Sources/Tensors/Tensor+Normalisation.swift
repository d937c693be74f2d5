/// Mean and biased variance of every channel over a batch.
package struct ChannelMoments: Sendable {
  /// [channels]
  package let mean: Tensor
  /// [channels]; divided by the number of values, not by one less.
  package let variance: Tensor
  /// Values a channel.
  package let count: Int
}

extension Tensor {
  /// (x - mean) / sqrt(variance + epsilon) with the moments of this very batch, through which gradients flow; x: [n, c] or [n, c, h, w].
  package func batchNormalised(epsilon: Float) -> (Tensor, ChannelMoments) {
    let (rows, shape) = (channelRows(), shape)
    let n = rows.shape[0]
    let moments = { @Sendable (x: Tensor) in
      let mean = x.columnSums() / Float(n)
      let centred = x - mean
      let variance = centred.squared().columnSums() / Float(n)
      return (mean: mean, centred: centred, variance: variance, inverse: (variance + epsilon).squareRoot().reciprocal())
    }
    let (mean, centred, variance, inverse) = moments(rows.detached)
    // dx = inverse / n · (n g - Σ g - x̂ Σ g x̂)
    let pullback = { @Sendable (g: Tensor, normal: Tensor, inverse: Tensor) in
      let sum = g.columnSums()
      let projection = (g * normal).columnSums()
      return [(g - (sum + normal * projection) / Float(n)) * inverse]
    }
    let recorded = (centred * inverse).recorded(by: rows, keeping: .result, kernel: { pullback($0.g, $0.y, inverse) }) { step in
      // The input up to a shift, which the result doesn't hang on.
      pullback(step.g, step.y, moments(step.input(0, restoredAs: step.y.detached / inverse)).inverse)
    }
    return (recorded.fromChannelRows(shape), ChannelMoments(mean: mean, variance: variance, count: n))
  }

  /// scale · x + shift a channel; x: [n, c] or [n, c, h, w]; scale, shift: [c].
  package func affineByChannel(scale: Tensor, shift: Tensor) -> Tensor {
    let channels = shape[1]
    let form: Shape = shape.rank == 2 ? [channels] : Shape([channels] + [Int](repeating: 1, count: shape.rank - 2))
    return self * scale.reshaped(form) + shift.reshaped(form)
  }

  /// (x - mean) / sqrt(variance + epsilon) over the last axis of every row.
  package func layerNormalised(epsilon: Float) -> Tensor {
    let (columns, shape) = (shape[-1], shape)
    let rows = reshaped([columns == 0 ? 0 : count / columns, columns])
    let n = rows.shape[0]
    let moments = { @Sendable (x: Tensor) in
      let centred = x - (x.rowSums() / Float(columns)).reshaped([n, 1])
      let variance = centred.squared().rowSums() / Float(columns)
      return (centred: centred, inverse: (variance + epsilon).squareRoot().reciprocal().reshaped([n, 1]))
    }
    let pullback = { @Sendable (g: Tensor, normal: Tensor, inverse: Tensor) in
      let sum = g.rowSums().reshaped([n, 1])
      let projection = g.rowDots(normal).reshaped([n, 1])
      return [(g - (normal * projection + sum) / Float(columns)) * inverse]
    }
    let (centred, inverse) = moments(rows.detached)
    return (centred * inverse).recorded(by: rows, keeping: .result, kernel: { pullback($0.g, $0.y, inverse) }) { step in
      // The input up to a shift, which the result doesn't hang on.
      pullback(step.g, step.y, moments(step.input(0, restoredAs: step.y.detached / inverse)).inverse)
    }.reshaped(shape)
  }

  /// Channels last and everything else in rows: [n, c] as it is, [n, c, h, w] -> [n h w, c].
  private func channelRows() -> Tensor {
    precondition(shape.rank == 2 || shape.rank == 4, "batch normalisation of a tensor of shape \(shape)")
    return shape.rank == 2 ? self : transposed([0, 2, 3, 1]).reshaped([shape[0] * shape[2] * shape[3], shape[1]])
  }

  private func fromChannelRows(_ shape: Shape) -> Tensor {
    shape.rank == 2 ? self : reshaped([shape[0], shape[2], shape[3], shape[1]]).transposed([0, 3, 1, 2])
  }
}
