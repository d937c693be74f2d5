package import Modelling
internal import Optimisation

/// The beta-TCVAE (Chen et al. 2018): a VAE whose total correlation, a part of the KL term, weighs beta.
package struct BetaTCVAE: TotalCorrelationPenalised {
  package static let name = "beta_tcvae"
  package static let summary = "Variational autoencoder with a weight of its own on the total correlation of its latent variables."
  package static let purpose = FamilyPurpose(.codes, choose: "when each latent variable should stand for one property of the items")

  package var base: VAE

  package init(_ base: VAE) { self.base = base }
}
