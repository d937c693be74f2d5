package import Tensors

/// Bytes as the 256 equal bins of [-1/2, 1/2] under a logistic variable that is cut off at both ends (Townsend et al. 2020).
///
/// Byte k is the bin k/256 - 1/2 ..< (k + 1)/256 - 1/2. An event is given as bytes, 0 to 255.
package struct ByteLogistic: Distribution {
  /// What is shared out evenly, so that no byte is impossible.
  package static let evenShare: Float = 0x1p-14
  private static let levels: Float = 256

  /// The logistic's centre on [-1/2, 1/2], held half a bin inside: [rows, dimensions].
  package let location: Tensor
  /// ln s, held inside -14...6: broadcasts to [rows, dimensions].
  package let logScale: Tensor

  package init(mean: Tensor, logScale: Tensor) {
    precondition(mean.shape.rank == 2, "means of shape \(mean.shape) are not [rows, dimensions]")
    precondition(logScale.shape.broadcast(with: mean.shape) == mean.shape, "scales of shape \(logScale.shape) beside means of \(mean.shape)")
    let end = 0.5 - 0.5 / Self.levels
    location = mean.clamped(low: -end, high: end)
    self.logScale = logScale.clamped(low: -14, high: 6)
  }

  /// The middles of bins, on [-1/2, 1/2].
  package static func middles(of bytes: Tensor) -> Tensor { bytes.affine(scale: 1 / levels, shift: 0.5 / levels - 0.5) }

  /// The middle of the byte that the centre is in.
  package var mean: Tensor { location.affine(scale: Self.levels, shift: 0.5 * Self.levels - 0.5) }

  package func logProbability(of x: Tensor) -> Tensor {
    precondition(x.shape == location.shape, "an observation \(x.shape) beside parameters \(location.shape)")
    // p = (1 - ε) [F(upper) - F(lower)] / [F(1/2) - F(-1/2)] + ε / 256
    let whole = logMass(from: .full(x.shape, -0.5), width: 1)
    return ((logBin(of: x) - whole).exp() * (1 - Self.evenShare) + Self.evenShare / Self.levels).log().rowSums()
  }

  /// Σ ln(F(upper) - F(lower) + 1e-7) of every row: what is learnt by; short of a distribution by what lies beyond the ends.
  package func openLogProbability(of x: Tensor) -> Tensor {
    precondition(x.shape == location.shape, "an observation \(x.shape) beside parameters \(location.shape)")
    return (logBin(of: x).exp() + 1e-7).log().rowSums()
  }

  private func logBin(of x: Tensor) -> Tensor { logMass(from: x.detached.affine(scale: 1 / Self.levels, shift: -0.5), width: 1 / Self.levels) }

  /// ln(F(lower + width) - F(lower)), in which nothing cancels.
  private func logMass(from lower: Tensor, width: Float) -> Tensor {
    // σ(α) - σ(β) = σ(α) σ(-β) (1 - exp(β - α)) with α = (lower + width - m) / s and β = (lower - m) / s
    let inverse = (-logScale).exp()
    let minusAlpha = (location - (lower + width)) * inverse
    let beta = (lower - location) * inverse
    // 1 - exp(-t) = 2 h / (1 + h) with h = tanh(t / 2)
    let h = (inverse * (0.5 * width)).tanh()
    return (h * 2).log() - (h + 1).log() - minusAlpha.softplus() - beta.softplus()
  }

  /// By the inverse of the distribution function from 23 random bits; carries no gradient.
  package func sample(_ keys: RowKeys) -> Tensor {
    precondition(keys.count == location.shape[0], "\(keys.count) keys for \(location.shape[0]) rows")
    let (m, s) = (location.detached, logScale.detached.exp())
    let below = ((-0.5 - m) / s).sigmoid()
    let u = below + keys.uniform(m.shape[1]) * (((0.5 - m) / s).sigmoid() - below)
    let bins = (m + s * (u.log() - (1 - u).log())).affine(scale: Self.levels, shift: 0.5 * Self.levels)
    return Tensor(shape: m.shape, scalars: bins.scalars.map { min(max($0.rounded(.down), 0), Self.levels - 1) })
  }
}
