internal import Distributions
package import Modelling
internal import Networks
package import Optimisation
package import Tensors

extension LadderFamily {
  package func check(items: Tensor) throws(Fault) { try ladder.observation.check(items: items) }

  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor { score(batch, draws: 1, keys: keys)[.elbo] }

  /// E_q[ln p(x|α z)] - c Σ_l γ_l KL(q(z_l|x) || p(z_l)), and terms at full weight; with q(z_l|x), which it is made with.
  func ladderObjective(
    _ network: LadderNetwork, batch: Tensor, priors: [LatentPrior], schedule: LadderSchedule, pass: Pass
  ) -> (objective: Objective, posteriors: [Normal]) {
    let observation = ladder.observation
    let x = observation.observed(batch, keys: pass.keys.split("binarise"))
    let q = posteriors(network, x, pass.mode)
    let z = draws(q, pass.keys.split("latent"))
    let shares = schedule.shares(step: pass.step, layers: q.count)
    let weight = schedule.weight(step: pass.step, epoch: pass.epoch)
    let shown = zip(z, shares).map { $1 == 1 ? $0 : $0 * $1 }
    let reconstruction = observation.logProbability(of: x, decode(network, shown, pass.mode)).mean()
    let offset = observation.isDensity ? signature.space.logVolume : 0
    let divergences = q.indices.map { priors[$0].divergence(of: q[$0], at: z[$0]).mean() }
    var loss = -reconstruction
    for (divergence, share) in zip(divergences, shares) { loss = loss + divergence * (weight * share) }
    let kl = divergences.reduce(0) { $0 + $1.scalar }
    let objective = Objective(
      loss: loss,
      terms: [
        Term("elbo_nats", reconstruction.scalar - kl - offset), Term("reconstruction_nats", reconstruction.scalar - offset),
        Term("kl_nats", kl),
      ] + (q.count > 1 ? divergences.enumerated().map { Term("layer_\($0)_kl_nats", $1.scalar) } : []))
    return (objective, q)
  }
}
