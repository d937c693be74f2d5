package import Modelling
internal import Optimisation

/// The Seatbelt-VAE (Willetts et al. 2021): a hierarchical VAE whose top layer's total correlation weighs beta, made to withstand adversarial attack.
package struct Seatbelt: TotalCorrelationPenalised {
  package static let name = "seatbelt"
  package static let summary = "Hierarchical VAE with a weight of its own on the total correlation of its top layer, made to withstand attack."
  package static let purpose = FamilyPurpose(.codes, choose: "when codes and reconstructions have to withstand changes that are meant to mislead")

  package var base: HVAE

  package init(_ base: HVAE) { self.base = base }
}
