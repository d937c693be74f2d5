/// What is measured of one perturbed item.
package enum Measure: String, Sendable, Hashable, CaseIterable {
  // Sizes of the perturbation, in model units; l0 counts the numbers that changed.
  case deltaL2 = "delta_l2"
  case deltaLinf = "delta_linf"
  case deltaL1 = "delta_l1"
  case deltaL0 = "delta_l0"
  /// The objective at the perturbed item, at the item as it is, and at the perturbed item after it went out and came in again as a client would send it.
  case attackLoss = "attack_loss"
  case cleanLoss = "clean_loss"
  case rescoredLoss = "rescored_loss"
  /// The objective under 20 new draws of q(z|x), where losses are averaged over draws.
  case freshLoss = "fresh_loss"
  case freshCleanLoss = "fresh_clean_loss"
  /// ‖g(x + d) - g(x)‖₂ of reconstructions through posterior means.
  case reconShift = "recon_shift_l2"
  /// ½ KL one way + ½ KL the other between the posteriors of x + d and of x, over all layers.
  case skl
  /// ln p(x + d|z) - KL at the posterior mean, and how much less than for x.
  case elbo = "elbo_nats"
  case elboDrop = "elbo_drop_nats"
  /// ln p(x_t|z) at the posterior mean of x + d.
  case logTarget = "log_p_target_given_adv"
  /// ‖g(x + d) - x_t‖₂, and the same with 1 for g(x) and 0 for g(x_t).
  case targetDistance = "target_distance_l2"
  case targetDistanceNorm = "target_distance_norm"
  // Kuzina et al. 2021: the item and its perturbed version, their reconstructions, and the target's reconstruction and the perturbed item's.
  case ssimInput = "ssim_input"
  case ssimReconstruction = "ssim_reconstruction"
  case ssimTarget = "ssim_target_reconstruction"
  case msssimInput = "ms_ssim_input"
  case msssimReconstruction = "ms_ssim_reconstruction"
  case msssimTarget = "ms_ssim_target_reconstruction"
  /// 1 where a model that classifies decides otherwise than about the item as it is.
  case decisionChanged = "decision_changed"
  /// 1 where it decides for the item's label; of audits with labels.
  case correct
  case steps
  case converged
}

/// A perturbed item with what was measured of it.
package struct Example: Sendable {
  package let run: AttackRun
  /// In model units; a code for the objective latent_space.
  package let point: [Float]
  /// NaN where a number was none.
  package let measures: [Measure: Double]
  /// The class that a model decides for.
  package let decision: Int?
  /// Which member of an ensemble changed the decision.
  package let foundBy: Ensemble.Member?

  package subscript(_ measure: Measure) -> Double { measures[measure] ?? .nan }
}
