internal import Foundation
package import Modelling

/// How the learning rate changes: a factor on the optimiser's rate.
package struct Schedule: Settings {
  package enum Kind: String, CaseIterable, SettingValue {
    case constant
    /// Falls to `final` along half a cosine.
    case cosine
    /// Falls to `final` along a straight line.
    case linear
    /// Falls to `final` by the same factor every epoch.
    case exponential
    /// Multiplied by `factor` every `every` epochs, for the first time after `after`.
    case step
  }

  package var kind: Kind
  /// Epochs in which the rate rises from 0.
  package var warmUpEpochs: Float
  /// Share of the rate that is left at the end.
  package var final: Float
  package var every: Float
  package var factor: Float
  /// Epochs before the first step; nil: as many as between two.
  package var after: Float?

  package init() { self.init(.constant) }

  package init(_ kind: Kind = .constant, warmUpEpochs: Float = 0, final: Float = 0.01, every: Float = 10, factor: Float = 0.5, after: Float? = nil) {
    self.kind = kind
    self.warmUpEpochs = warmUpEpochs
    self.final = final
    self.every = every
    self.factor = factor
    self.after = after
  }

  package static let table = Table<Self> {
    Setting("kind", \.kind, "How the rate falls: not at all, along half a cosine or a line, by the same factor every epoch, or in steps.")
    Setting("warm_up_epochs", \.warmUpEpochs, in: 0..., "Epochs in which the rate rises from 0.")
    Setting("final", \.final, in: 0...1, "Share of the rate that is left at the end.")
    Setting("every", \.every, in: Above(0), "Epochs between two steps.")
    Setting("factor", \.factor, in: Above(0), "What a step multiplies the rate by.")
    Setting("after", \.after, in: 0..., "Epochs before the first step; absent: as many as between two.")
  }

  /// Whether the factor at a time hangs on how many epochs there are in all.
  package var spreadsOverEpochs: Bool {
    switch kind {
    case .constant, .step: false
    case .cosine, .linear, .exponential: true
    }
  }

  /// The factor at a time in epochs, of `epochs` in all.
  package func factor(at epoch: Float, of epochs: Int) -> Float {
    let rise = warmUpEpochs > 0 ? min(1, epoch / warmUpEpochs) : 1
    let span = max(Float(epochs) - warmUpEpochs, 1e-6)
    let progress = min(max((epoch - warmUpEpochs) / span, 0), 1)
    let fall: Float =
      switch kind {
      case .constant: 1
      case .cosine: final + (1 - final) * 0.5 * (1 + Float(cos(Double.pi * Double(progress))))
      case .linear: 1 - (1 - final) * progress
      case .exponential: Float(pow(Double(final), Double(progress)))
      case .step: Float(pow(Double(factor), Double(stepsTaken(before: epoch))))
      }
    return rise * fall
  }

  private func stepsTaken(before epoch: Float) -> Float {
    guard let after else { return (epoch / every).rounded(.down) }
    return epoch < after ? 0 : ((epoch - after) / every).rounded(.down) + 1
  }
}
