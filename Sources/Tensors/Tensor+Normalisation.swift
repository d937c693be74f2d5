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
    let mean = rows.detached.columnSums() / Float(n)
    let centred = rows.detached - mean
    let variance = centred.squared().columnSums() / Float(n)
    let inverse = (variance + epsilon).squareRoot().reciprocal()
    let normal = centred * inverse
    // dx = inverse / n · (n g - Σ g - x̂ Σ g x̂)
    let recorded = normal.recording(rows) { g in
      let sum = g.columnSums()
      let projection = (g * normal).columnSums()
      return [(g - (sum + normal * projection) / Float(n)) * inverse]
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
    let x = rows.detached
    let n = x.shape[0]
    let centred = x - (x.rowSums() / Float(columns)).reshaped([n, 1])
    let variance = centred.squared().rowSums() / Float(columns)
    let inverse = (variance + epsilon).squareRoot().reciprocal().reshaped([n, 1])
    let normal = centred * inverse
    return normal.recording(rows) { g in
      let sum = g.rowSums().reshaped([n, 1])
      let projection = g.rowDots(normal).reshaped([n, 1])
      return [(g - (normal * projection + sum) / Float(columns)) * inverse]
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
