package import Modelling
package import Optimisation

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
  /// Components that an item without a label is weighed under, those of greatest q(y|x); nil: all.
  package var enumeration: Int?
  /// Draws of z, and of a, that the bound of an item is the mean over.
  package var draws: Int
  /// What is learnt one after the other, instead of the bound alone; none: the bound.
  package var phases: [ClassPhase]
  package var consistency: ClassConsistency
  /// T, the maps under which q(y|x) is to stay what it is.
  package var augmentation: Augmentation?
  /// What T does to items beside, or of those that are no images.
  package var perturbation: Perturbation?

  package init() { self.init(alpha: 1.1) }

  package init(
    alpha: Float = 1.1, weightPrior: Float = 0.5, warmUpEpochs: Float = 0, pretrainingEpochs: Int = 0, frozenEpochs: Int = 1,
    enumeration: Int? = nil, draws: Int = 1, phases: [ClassPhase] = [], consistency: ClassConsistency = ClassConsistency(),
    augmentation: Augmentation? = nil,
    perturbation: Perturbation? = nil
  ) {
    (self.alpha, self.weightPrior, self.warmUpEpochs) = (alpha, weightPrior, warmUpEpochs)
    (self.pretrainingEpochs, self.frozenEpochs, self.enumeration) = (pretrainingEpochs, frozenEpochs, enumeration)
    (self.draws, self.phases, self.consistency) = (draws, phases, consistency)
    (self.augmentation, self.perturbation) = (augmentation, perturbation)
  }

  package static let table = Table<Self> {
    Setting("alpha", \.alpha, in: 0..., "Weight of ln q(y|x) of labelled items, times items over labelled items.")
    Setting("weight_prior", \.weightPrior, in: 0..., "Weight of a standard normal prior over the weights, over items.")
    Setting(
      "kl_warm_up_epochs", \.warmUpEpochs, in: 0...,
      "Epochs over which the divergences' weight rises from 0 to 1. While a code costs nothing a class has nothing to add to it, and a few classes may "
        + "take all items for good: watch components_used.")
    Setting(
      "pretraining_epochs", \.pretrainingEpochs, in: 0...1_000_000,
      "Epochs as a plain VAE, after which the components are a Gaussian mixture fitted to latent draws (of gmdgm and agmdgm).")
    Setting(
      "frozen_epochs", \.frozenEpochs, in: 0...1_000_000, "Epochs after that in which q(y|x) alone learns, until it tells the components apart.")
    Setting(
      "enumeration", \.enumeration, in: 1...10_000, writesNull: true,
      "Components that an item without a label is weighed under, those of greatest q(y|x): still a bound, and a step costs as much as with so few; "
        + "absent: all.")
    Setting("draws", \.draws, in: 1...1000, "Draws of the latent variables that the bound of an item is the mean over.")
    Setting(
      "phases", \.phases, lengths: 0...32, of: "phases",
      "What is learnt one after the other: vae, mixture, distil, consistency, joint, in this order; none: the bound alone.")
    Part(\.consistency)
    Setting(
      "augmentation", \.augmentation, writesNull: true,
      "Maps under which phases want q(y|x) to stay what it is; what the likelihood sees they leave alone. Absent: none.")
    Setting(
      "perturbation", \.perturbation, writesNull: true,
      "Small changes of items of any kind, after those maps, under which phases want q(y|x) to stay what it is. Absent: none.")
  }

  package func check() throws(Fault) {
    try ClassPhase.check(phases, pretrainingEpochs: pretrainingEpochs, augmentation, perturbation)
  }
}
