package import Modelling

/// Every family that this build knows, sorted by name. A test fails until a new family's line is here.
package enum Catalogue {
  package static let families: [any ModelFamily.Type] = [
    AGMDGM.self,
    BetaTCVAE.self,
    CharLSTM.self,
    GMDGM.self,
    HVAE.self,
    M2.self,
    Modular.self,
    Seatbelt.self,
    UnrolledGAN.self,
    VAE.self,
    VAEAC.self,
    VAEACImage.self,
    VLAC.self,
    VLAE.self,
  ]

  package static func family(named name: String) -> (any ModelFamily.Type)? { families.named(name) }
}
