internal import Foundation
package import Modelling

/// How the divergences of a ladder are weighted, and its layers switched on, while it is trained.
package struct LadderSchedule: Settings {
  /// τ: the KL term's weight is 1 - e^(-t/τ) in the t-th batch; 0 for none.
  package var warmUpBatches: Float
  /// Epochs over which the KL term's weight rises from 0 to 1.
  package var warmUpEpochs: Float
  /// Batches over which a layer fades in; 0 for all layers from the start.
  package var fadeInBatches: Int
  /// Batches from the moment one layer is switched on to the next one's; 0 for as many as fade it in.
  package var layerBatches: Int

  package init() { self.init(warmUpBatches: 0) }

  package init(warmUpBatches: Float = 0, warmUpEpochs: Float = 0, fadeInBatches: Int = 0, layerBatches: Int = 0) {
    self.warmUpBatches = warmUpBatches
    self.warmUpEpochs = warmUpEpochs
    self.fadeInBatches = fadeInBatches
    self.layerBatches = layerBatches
  }

  package static let table = Table<Self> {
    Setting(
      "kl_warm_up_batches", \.warmUpBatches, in: 0...,
      "T in the KL term's weight 1 - e^(-t/T) of the t-th batch; 0 for a weight of 1. The paper's is 2000.")
    Setting("kl_warm_up_epochs", \.warmUpEpochs, in: 0..., "Epochs over which the KL term's weight rises from 0 to 1 in a line.")
    Setting(
      "fade_in_batches", \.fadeInBatches, in: 0...1_000_000_000,
      "Batches over which each layer below the top one fades in, one after another from the top: its latent variables and its KL term are multiplied "
        + "by a number that rises from 0 to 1; 0 for all layers from the start.")
    Setting(
      "layer_batches", \.layerBatches, in: 0...1_000_000_000,
      "Batches from the moment one layer is switched on to the next one's; 0 for as many as fade_in_batches.")
  }

  package func check() throws(Fault) {
    guard warmUpBatches == 0 || warmUpEpochs == 0 else {
      throw Fault(field: "kl_warm_up_epochs", given: "\(warmUpEpochs) beside kl_warm_up_batches", expected: "one of them")
    }
    guard layerBatches == 0 || fadeInBatches > 0 else {
      throw Fault(field: "layer_batches", given: "\(layerBatches) without fade_in_batches", expected: "0, or fade_in_batches above 0")
    }
  }

  /// c: the weight of the KL term; `step` batches were learnt from before this one.
  package func weight(step: Int, epoch: Float) -> Float {
    // c(t) = 1 - e^(-t/τ), t counted from 1 (the authors' code)
    if warmUpBatches > 0 { return -Foundation.expm1(-Float(step + 1) / warmUpBatches) }
    return warmUpEpochs > 0 ? min(1, epoch / warmUpEpochs) : 1
  }

  /// α_l = γ_l of every layer, the one nearest the data first: what its latent variables and its KL term are multiplied by (Li et al. 2020; Falck et al. 2021).
  package func shares(step: Int, layers: Int) -> [Float] {
    guard fadeInBatches > 0 else { return [Float](repeating: 1, count: layers) }
    let interval = layerBatches > 0 ? layerBatches : fadeInBatches
    return (0..<layers).map { layer in
      let turn = layers - 1 - layer
      return turn == 0 ? 1 : min(max(Float(step - turn * interval) / Float(fadeInBatches), 0), 1)
    }
  }
}
