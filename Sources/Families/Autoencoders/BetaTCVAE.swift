package import Modelling
package import Networks
internal import Optimisation

/// The beta-TCVAE (Chen et al. 2018): a VAE whose total correlation, a part of the KL term, weighs beta.
package struct BetaTCVAE: TotalCorrelationPenalised {
  package static let name = "beta_tcvae"
  package static let summary = "Variational autoencoder with a weight of its own on the total correlation of its latent variables."
  package static let purpose = FamilyPurpose(.codes, choose: "when each latent variable should stand for one property of the items")

  package var base: VAE

  package init(_ base: VAE) { self.base = base }

  package init(_ configuration: VAE.Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    guard configuration.latents == nil else {
      throw Fault(field: "latents", given: "there", expected: "latent: a total correlation is of Gaussian codes; the family vae has categorical ones")
    }
    self.init(try VAE(configuration, signature: signature, source: source))
  }
}
