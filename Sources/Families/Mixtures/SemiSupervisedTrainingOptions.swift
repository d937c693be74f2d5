internal import Modelling

/// How a semi-supervised bound is shaped while it is trained.
package struct SemiSupervisedTrainingOptions: Codable, Sendable, Equatable {
  /// Weight of ln q(y|x) of labelled items, times N / N_l.
  package var alpha: Float
  /// Weight of a standard normal prior over the weights, ln p(W) / N.
  package var weightPrior: Float
  /// Epochs over which the divergences' weight rises from 0 to 1.
  package var warmUpEpochs: Float
  /// Epochs as a plain VAE, after which the components are a Gaussian mixture fitted to latent draws of the training items.
  package var pretrainingEpochs: Int
  /// Epochs after that in which q(y|x) alone learns, until it tells the components apart.
  package var frozenEpochs: Int

  package init(alpha: Float = 1.1, weightPrior: Float = 0.5, warmUpEpochs: Float = 0, pretrainingEpochs: Int = 0, frozenEpochs: Int = 1) {
    (self.alpha, self.weightPrior, self.warmUpEpochs) = (alpha, weightPrior, warmUpEpochs)
    (self.pretrainingEpochs, self.frozenEpochs) = (pretrainingEpochs, frozenEpochs)
  }

  private enum CodingKeys: String, CodingKey {
    case alpha
    case weightPrior = "weight_prior"
    case warmUpEpochs = "kl_warm_up_epochs"
    case pretrainingEpochs = "pretraining_epochs"
    case frozenEpochs = "frozen_epochs"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let standard = SemiSupervisedTrainingOptions()
    self.init(
      alpha: try values.decodeIfPresent(Float.self, forKey: .alpha) ?? standard.alpha,
      weightPrior: try values.decodeIfPresent(Float.self, forKey: .weightPrior) ?? standard.weightPrior,
      warmUpEpochs: try values.decodeIfPresent(Float.self, forKey: .warmUpEpochs) ?? standard.warmUpEpochs,
      pretrainingEpochs: try values.decodeIfPresent(Int.self, forKey: .pretrainingEpochs) ?? standard.pretrainingEpochs,
      frozenEpochs: try values.decodeIfPresent(Int.self, forKey: .frozenEpochs) ?? standard.frozenEpochs)
  }

  static let fields: [ConfigurationField] = [
    ConfigurationField("alpha", "number", default: "1.1", "Weight of ln q(y|x) of labelled items, times items over labelled items."),
    ConfigurationField("weight_prior", "number", default: "0.5", "Weight of a standard normal prior over the weights, over items."),
    ConfigurationField("kl_warm_up_epochs", "number", default: "0", "Epochs over which the divergences' weight rises from 0 to 1."),
    ConfigurationField(
      "pretraining_epochs", "integer", default: "0",
      "Epochs as a plain VAE, after which the components are a Gaussian mixture fitted to latent draws (not of m2)."),
    ConfigurationField(
      "frozen_epochs", "integer", default: "1", "Epochs after that in which q(y|x) alone learns, until it tells the components apart."),
  ]

  func check() throws(Fault) {
    for (field, value) in [("alpha", alpha), ("weight_prior", weightPrior), ("kl_warm_up_epochs", warmUpEpochs)] {
      guard value.isFinite, value >= 0 else { throw Fault(field: field, given: "\(value)", expected: "0 or more") }
    }
    for (field, value) in [("pretraining_epochs", pretrainingEpochs), ("frozen_epochs", frozenEpochs)] {
      guard (0...1_000_000).contains(value) else { throw Fault(field: field, given: "\(value)", expected: "0 to 1000000") }
    }
  }
}
