internal import Modelling
internal import Tensors

/// Training towards a rate: D + β |R - R*| in place of D + β R (Alemi et al. 2018).
///
/// Models of one bound may say everything in their codes or nothing; a target picks the one wanted, also where the decoder could do without a code.
enum RateTarget {
  static func setting<Options: Settings>(_ place: SettingPath<Options, Float?>) -> Setting<Options> {
    Setting(
      "rate_target", place, in: 0..., writesNull: true,
      "R*, nats that the code of an item is to cost on average: the loss is then D + beta |R - R*| of distortion and rate, and checkpoints are "
        + "compared by it (Alemi et al. 2018). Absent: D + beta R.")
  }

  static func check(_ target: Float?, freeBits: Float, importanceSamples: Int) throws(Fault) {
    guard let target, freeBits > 0 || importanceSamples > 1 else { return }
    throw Fault(
      field: "rate_target", given: "\(target) beside free_bits of \(freeBits) and importance_samples of \(importanceSamples)",
      expected: "free_bits of 0 and importance_samples of 1: both would change what the rate is")
  }

  /// |R - R*| of a scalar; where they are equal its slope is that of R - R*.
  static func distance(of rate: Tensor, from target: Float) -> Tensor { rate.scalar < target ? target - rate : rate - target }
}

extension Scores {
  /// By which checkpoints are compared, a number an item: the ELBO, the importance-weighted bound, or -(D + β |R - R*|) with the mean rate of these
  /// items.
  func validationBound(importanceSamples: Int, beta: Float, rateTarget: Float?) -> Tensor {
    guard let rateTarget else { return importanceSamples == 1 ? self[.elbo] : self[.iwae] }
    return self[.reconstruction] - beta * RateTarget.distance(of: self[.kl].mean(), from: rateTarget).scalar
  }
}
