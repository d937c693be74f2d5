internal import Distributions
package import Modelling
internal import Networks
internal import Optimisation
package import Tensors

extension LadderFamily {
  package func check(items: Tensor) throws(Fault) { try ladder.observation.check(items: items) }

  /// The bound; of a ladder that learns by the discrepancy of its codes, the reconstruction less that.
  func heldOutBound(_ batch: Tensor, _ training: LadderTraining, _ keys: RowKeys) -> Tensor {
    let scores = score(batch, draws: 1, keys: keys)
    guard let discrepancyWeight = training.discrepancyWeight else { return scores[.elbo] }
    let q = posteriors(network, ladder.observation.observed(batch, keys: keys.split("binarise")), .evaluation)
    let discrepancy = zip(draws(q, keys.split("latent").split(0)), q.indices.map(network.prior)).enumerated().reduce(Tensor.zeros([])) {
      $0 + self.discrepancy(of: $1.element.0, from: $1.element.1, keys.split("prior").split($1.offset))
    }
    return scores[.reconstruction] - discrepancyWeight * discrepancy
  }

  /// Between the codes of a batch and as many draws of their prior.
  private func discrepancy(of z: Tensor, from prior: LatentPrior, _ keys: RowKeys) -> Tensor {
    maximumMeanDiscrepancy(z, prior.sample(keys, latent: z.shape[1], temperature: 1))
  }

  /// E_q[ln p(x|α z)] - c Σ_l γ_l D_l, and terms at full weight; with q(z_l|x), which it is made with.
  ///
  /// D_l is KL(q(z_l|x) || p(z_l)), or a multiple of the discrepancy between the codes of the batch and p(z_l).
  func ladderObjective(
    _ network: LadderNetwork, batch: Tensor, priors: [LatentPrior], _ training: LadderTraining, _ pass: Pass
  ) -> (objective: Objective, posteriors: [Normal]) {
    let (observation, schedule) = (ladder.observation, training.schedule)
    let x = observation.observed(batch, keys: pass.keys.split("binarise"))
    let seen = training.denoising.map { $0.corrupted(x, isPicture: signature.space.picture != nil, keys: pass.keys.split("denoising")) } ?? x
    let q = posteriors(network, seen, pass.mode)
    let z = draws(q, pass.keys.split("latent"))
    let shares = schedule.shares(step: pass.step, layers: q.count)
    let weight = schedule.weight(step: pass.step, epoch: pass.epoch)
    let shown = zip(z, shares).map { $1 == 1 ? $0 : $0 * $1 }
    let reconstruction = observation.logProbability(of: x, decode(network, shown, pass.mode)).mean()
    let offset = observation.isDensity ? signature.space.logVolume : 0
    let divergences = q.indices.map { priors[$0].divergence(of: q[$0], at: z[$0]).mean() }
    var (loss, discrepancies) = (-reconstruction, [Term]())
    for layer in q.indices {
      var cost = divergences[layer]
      if let discrepancyWeight = training.discrepancyWeight {
        let discrepancy = discrepancy(of: z[layer], from: priors[layer], pass.keys.split("prior").split(layer))
        discrepancies.append(Term("layer_\(layer)_mmd", discrepancy.scalar))
        cost = discrepancy * discrepancyWeight
      }
      loss = loss + cost * (weight * shares[layer])
    }
    let kl = divergences.reduce(0) { $0 + $1.scalar }
    let objective = Objective(
      loss: loss,
      terms: [
        Term("elbo_nats", reconstruction.scalar - kl - offset), Term("reconstruction_nats", reconstruction.scalar - offset),
        Term("kl_nats", kl),
      ] + (q.count > 1 ? divergences.enumerated().map { Term(Scores.Term.kl(layer: $0).name, $1.scalar) } : []) + discrepancies)
    return (objective, q)
  }
}
