package import Modelling

/// How a semi-supervised bound is shaped while it is trained.
package struct SemiSupervisedTrainingOptions: Settings {
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

  package init() { self.init(alpha: 1.1) }

  package init(alpha: Float = 1.1, weightPrior: Float = 0.5, warmUpEpochs: Float = 0, pretrainingEpochs: Int = 0, frozenEpochs: Int = 1) {
    (self.alpha, self.weightPrior, self.warmUpEpochs) = (alpha, weightPrior, warmUpEpochs)
    (self.pretrainingEpochs, self.frozenEpochs) = (pretrainingEpochs, frozenEpochs)
  }

  package static let table = Table<Self> {
    Setting("alpha", \.alpha, in: 0..., "Weight of ln q(y|x) of labelled items, times items over labelled items.")
    Setting("weight_prior", \.weightPrior, in: 0..., "Weight of a standard normal prior over the weights, over items.")
    Setting("kl_warm_up_epochs", \.warmUpEpochs, in: 0..., "Epochs over which the divergences' weight rises from 0 to 1.")
    Setting(
      "pretraining_epochs", \.pretrainingEpochs, in: 0...1_000_000,
      "Epochs as a plain VAE, after which the components are a Gaussian mixture fitted to latent draws (not of m2).")
    Setting(
      "frozen_epochs", \.frozenEpochs, in: 0...1_000_000, "Epochs after that in which q(y|x) alone learns, until it tells the components apart.")
  }
}
