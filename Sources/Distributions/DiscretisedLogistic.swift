import Foundation
package import Tensors

/// A logistic variable rounded into equal bins, whose outermost bins take its tails (Kingma et al. 2016; Salimans et al. 2017).
///
/// Bin k of `levels` is centred at range.lowerBound + k · width, where width = (range.upperBound - range.lowerBound) / (levels - 1).
package struct DiscretisedLogistic: Distribution {
  /// The logistic's centre, in the units of x: [rows, dimensions].
  package let location: Tensor
  /// ln s, s in the units of x: broadcasts to [rows, dimensions]; never below -60.
  package let logScale: Tensor
  package let levels: Int
  package let range: ClosedRange<Float>

  /// `logScale` broadcasts to the shape of `mean`; below -60, where the logistic is a point in any range of use, it is read as -60.
  package init(mean: Tensor, logScale: Tensor, levels: Int = 256, range: ClosedRange<Float> = 0...1) {
    precondition(mean.shape.rank == 2, "means of shape \(mean.shape) are not [rows, dimensions]")
    precondition(logScale.shape.broadcast(with: mean.shape) == mean.shape, "scales of shape \(logScale.shape) beside means of \(mean.shape)")
    precondition(levels > 1 && range.lowerBound < range.upperBound, "\(levels) levels over \(range)")
    location = mean
    self.logScale = logScale.clamped(low: -60, high: .greatestFiniteMagnitude)
    self.levels = levels
    self.range = range
  }

  /// The distance of two centres.
  package var width: Float { (range.upperBound - range.lowerBound) / Float(levels - 1) }

  /// The mean of the logistic held inside the range: the exact mean of the rounded variable up to half a bin, and differentiable.
  package var mean: Tensor {
    // E min(max(X, A), B) = A + ∫ P(X > t) dt over A...B = A + s (softplus((m - A) / s) - softplus((m - B) / s))
    // A scale beyond a thousand ranges leaves the middle; it is held there, for the difference would round away.
    let (low, high) = (range.lowerBound, range.upperBound)
    let held = logScale.clamped(low: -60, high: log(1000 * (high - low)))
    let (scale, inverse) = (held.exp(), (-held).exp())
    return (scale * (((location - low) * inverse).softplus() - ((location - high) * inverse).softplus()) + low).clamped(low: low, high: high)
  }

  /// x holds bin centres, each taken as the nearest one; gradients do not flow to it.
  package func logProbability(of x: Tensor) -> Tensor {
    precondition(x.shape == location.shape, "an observation \(x.shape) beside parameters \(location.shape)")
    let bins = Bins(of: x, in: self)
    // With α = (x - m + width/2) / s and β = (x - m - width/2) / s:
    // σ(α) - σ(β) = σ(α) σ(-β) (1 - exp(β - α)), so ln p = -softplus(-α) - softplus(β) + ln(1 - exp(-width / s)), in which nothing cancels.
    // The first bin has no β, the last no α.
    let inverse = (-logScale).exp()
    let minusAlpha = (location - bins.upperEdges) * inverse
    let beta = (bins.lowerEdges - location) * inverse
    let tails = bins.hasUpper * minusAlpha.softplus() + bins.hasLower * beta.softplus()
    return (bins.hasUpper * bins.hasLower * logOneMinusExp - tails).rowSums()
  }

  /// ln(1 - exp(-t)) where t = width / s.
  private var logOneMinusExp: Tensor {
    // = ln(2 tanh(t/2)) - ln(1 + tanh(t/2)), which loses nothing in either tail; below t = 1e-15 it is ln t, however far t itself would underflow.
    let logT = log(width) - logScale
    let held = logT.clamped(low: log(1e-15), high: .greatestFiniteMagnitude)
    let h = (0.5 * held.exp()).tanh()
    return (logT - held) + (2 * h).log() - (1 + h).log()
  }

  /// The logistic by the inverse of its distribution function from 23 random bits, rounded to the nearest bin's centre; carries no gradient.
  package func sample(_ keys: RowKeys) -> Tensor {
    precondition(keys.count == location.shape[0], "\(keys.count) keys for \(location.shape[0]) rows")
    let u = keys.uniform(location.shape[1])
    // m + s (ln u - ln(1 - u))
    let x = location.detached + logScale.detached.exp() * (u.log() - (1 - u).log())
    return Bins(of: x, in: self).centres
  }
}

/// The bin of every scalar: its edges, and whether it has a neighbour below and above.
private struct Bins {
  let centres: Tensor
  let lowerEdges: Tensor
  let upperEdges: Tensor
  /// 1, or 0 in the first bin.
  let hasLower: Tensor
  /// 1, or 0 in the last bin.
  let hasUpper: Tensor

  init(of x: Tensor, in logistic: DiscretisedLogistic) {
    let (low, width, last) = (logistic.range.lowerBound, logistic.width, Float(logistic.levels - 1))
    let index = (x.detached.clamped(low: low, high: logistic.range.upperBound) - low) * (1 / width)
    let bins = Tensor(shape: x.shape, scalars: index.scalars.map { min($0.rounded(), last) })
    centres = bins * width + low
    lowerEdges = (bins - 0.5) * width + low
    upperEdges = (bins + 0.5) * width + low
    hasLower = bins.clamped(low: 0, high: 1)
    hasUpper = (last - bins).clamped(low: 0, high: 1)
  }
}
