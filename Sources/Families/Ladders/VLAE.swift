package import Modelling
package import Networks
package import Optimisation
package import Tensors

/// The variational ladder autoencoder (Zhao et al. 2017): every layer's prior is N(0, I). The network is described at `LadderFamily`.
///
/// The authors' reconstruction term, 8 Σ|x - x̂|, is a Laplace of deviation √2 / 8.
package struct VLAE: LadderFamily {
  package static let name = "vlae"
  package static let summary = "Variational ladder autoencoder: layers of latent variables that hold ever more abstract features."
  package static let purpose = FamilyPurpose(.codes, choose: "to vary coarse features and fine ones apart, layer by layer")

  package let configuration: LadderConfiguration
  package let signature: Signature
  package var network: LadderNetwork

  package var ladder: LadderConfiguration { configuration }

  package init(_ configuration: LadderConfiguration, signature: Signature, source: ParameterSource) throws(Fault) {
    (self.configuration, self.signature) = (configuration, signature)
    network = try LadderNetwork(configuration, signature, source)
  }
}

extension VLAE {
  package typealias TrainingOptions = LadderTraining

  package func check(_ options: LadderTraining) throws(Fault) {
    try options.validate()
    try options.check(signature)
  }

  package func objective(_ network: LadderNetwork, batch: Batch, options: LadderTraining, pass: Pass) -> Objective {
    ladderObjective(network, batch: batch.values, priors: latentWidths.map { _ in .normal }, options, pass).objective
  }

  package func validationBound(_ batch: Tensor, options: LadderTraining, keys: RowKeys) -> Tensor { heldOutBound(batch, options, keys) }
}
