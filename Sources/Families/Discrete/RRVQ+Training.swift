internal import Distributions
internal import Foundation
package import Modelling
internal import Networks
package import Optimisation
package import Tensors

extension RRVQ: GradientTrainable {
  package struct TrainingOptions: Settings {
    /// τ of the relaxed choices at the start, and what it falls to exponentially over so many epochs.
    package var temperature: Float
    package var finalTemperature: Float
    package var temperatureEpochs: Float
    package var warmUpEpochs: Float
    package var freeBits: Float
    package var commitment: Float
    package var revival: Float

    package init() { self.init(warmUpEpochs: 0) }

    package init(
      temperature: Float = 1, finalTemperature: Float = 0.5, temperatureEpochs: Float = 10, warmUpEpochs: Float = 0, freeBits: Float = 0,
      commitment: Float = 0.25, revival: Float = 0.1
    ) {
      (self.temperature, self.finalTemperature, self.temperatureEpochs) = (temperature, finalTemperature, temperatureEpochs)
      (self.warmUpEpochs, self.freeBits, self.commitment, self.revival) = (warmUpEpochs, freeBits, commitment, revival)
    }

    package static let table = Table<Self> {
      Setting("temperature", \.temperature, in: Above(0), "Of the relaxed choices of codes at the start: towards 0 they are hard.")
      Setting("final_temperature", \.finalTemperature, in: Above(0), "What that falls to.")
      Setting("temperature_epochs", \.temperatureEpochs, in: 0..., "Epochs over which it does, exponentially; 0 begins with the final one.")
      Setting("kl_warm_up_epochs", \.warmUpEpochs, in: 0..., "Epochs over which the weight of what the codes cost rises from 0 to 1.")
      Setting("free_bits", \.freeBits, in: 0..., "Nats that every layer may cost for nothing, on average over a batch.")
      Setting(
        "commitment", \.commitment, in: 0...,
        "With the nearest quantiser: weight of the distance that pulls queries to their codes, beside 1 for the one that pulls codes to their queries."
      )
      Setting(
        "revival", \.revival, in: 0..<1,
        "Codes that are chosen less often than this share of an even use are set anew before an epoch, to queries of items; 0 leaves them.")
    }

    package func check() throws(Fault) {
      guard finalTemperature <= temperature else {
        throw Fault(field: "final_temperature", given: "\(finalTemperature)", expected: "at most the temperature at the start, \(temperature)")
      }
    }

    /// τ(t) = τ_0 (τ_1 / τ_0)^min(1, t / T)
    package func temperature(at epoch: Float) -> Float {
      guard temperatureEpochs > 0 else { return finalTemperature }
      return temperature * powf(finalTemperature / temperature, min(1, epoch / temperatureEpochs))
    }
  }

  package typealias OwnLearner = RenewingLearner<GradientLearner<RRVQ>>

  package func check(_ options: TrainingOptions) throws(Fault) {
    try options.validate()
    let usual = TrainingOptions()
    func refuse(_ field: String, _ given: Float, _ usual: Float, _ reason: String) throws(Fault) {
      guard given == usual else { throw Fault(field: field, given: "\(given)", expected: "\(usual), because \(reason)") }
    }
    guard isNearest else {
      return try refuse("commitment", options.commitment, usual.commitment, "only the nearest quantiser has distances to weigh")
    }
    let reason = "the nearest quantiser relaxes nothing"
    try refuse("temperature", options.temperature, usual.temperature, reason)
    try refuse("final_temperature", options.finalTemperature, usual.finalTemperature, reason)
    try refuse("temperature_epochs", options.temperatureEpochs, usual.temperatureEpochs, reason)
  }

  package func check(items: Tensor) throws(Fault) { try configuration.observation.check(items: items) }

  package func learner(_ options: TrainingOptions, _ descent: Descent) -> OwnLearner {
    GradientLearner(self, options, descent).renewing { player, epoch, data, key in
      guard options.revival > 0, epoch > 0 else { return }
      var model = self
      model.network = player.network
      for (layer, codes) in model.revive(from: data, below: options.revival, key: key) {
        player.forget(rows: codes, of: "down.\(layer).codebook")
      }
      player.network = model.network
    }
  }

  /// E_q[ln p(x|z)] - Σ KL at relaxed choices, which is no bound; of the nearest quantiser the bound itself, beside the losses of its codebooks.
  package func objective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    let observation = configuration.observation
    let x = observation.observed(batch.values, keys: pass.keys.split("binarise"))
    let (n, latent, temperature) = (x.shape[0], pass.keys.split("latent"), options.temperature(at: pass.epoch))
    let evidence = network.evidence(of: images(x), pass.mode)
    var (costs, perplexities, distances): ([Tensor], [Float], [Tensor]) = ([], [], [])
    let heads = descend(network, rows: n, pass.mode) { choice in
      let h = network.query(choice.layer, choice.state, evidence[choice.layer], pass.mode)
      guard isNearest else {
        let logR = choice.codebook.logResponsibilities(of: h)
        costs.insert(Codebook.divergence(logR, from: choice.logPrior).sum() / Float(n), at: 0)
        perplexities.insert(Codebook.perplexity(logR.exp()), at: 0)
        return choice.codebook.embedding(of: ((logR + noise(latent, choice.layer)) * (1 / temperature)).softmax())
      }
      let indices = choice.codebook.still.logits(of: h.detached).argmaxRows()
      let codes = choice.codebook.embedding(of: indices)
      costs.insert(choice.logPrior.chosen(indices).sum() * (-1 / Float(n)), at: 0)
      perplexities.insert(Codebook.perplexity(Categorical.oneHot(indices, shape: [indices.count, configuration.codes])), at: 0)
      // |sg[h] - c|² + β |h - sg[c]|² (van den Oord et al. 2017, equation 3)
      distances.append((h.detached - codes).squared().sum() / Float(n))
      distances.append((h - codes.detached).squared().sum() * (options.commitment / Float(n)))
      // Straight through: c forward, and back what comes for c goes to h.
      return h + (codes.detached - h.detached)
    }
    let reconstruction = observation.logProbability(of: x, heads).mean()
    let charges = costs.map { options.freeBits > 0 ? Tensor.maximum($0, Tensor(options.freeBits)) : $0 }
    let kl = charges.dropFirst().reduce(charges[0], +) * EvidenceBound.ramp(pass.epoch, over: options.warmUpEpochs)
    return Objective(
      loss: distances.reduce(kl - reconstruction, +),
      terms: terms(reconstruction.scalar - observation.logVolume(signature), costs.map(\.scalar), perplexities, distances, temperature))
  }

  private func terms(
    _ reconstruction: Float, _ costs: [Float], _ perplexities: [Float], _ distances: [Tensor], _ temperature: Float
  ) -> [Term] {
    let kl = costs.reduce(0, +)
    let own = isNearest ? [Term("quantisation", distances.reduce(0) { $0 + $1.scalar })] : [Term("temperature", temperature)]
    return [
      Term(isNearest ? "elbo_nats" : "relaxed_elbo_nats", reconstruction - kl), Term("reconstruction_nats", reconstruction), Term("kl_nats", kl),
    ] + own + costs.enumerated().map { Term(Scores.Term.kl(layer: $0).name, $1) }
      + perplexities.enumerated().map { Term("layer_\($0)_perplexity", $1) }
  }

  /// Of hard codes.
  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor { score(batch, draws: 1, keys: keys)[.elbo] }
}
