package import Modelling
package import Optimisation

/// Every family that this build knows, sorted by name. A test fails until a new family's line is here.
package enum Catalogue {
  package static let families: [any ModelFamily.Type] = [
    ADGM.self,
    AGMDGM.self,
    BetaTCVAE.self,
    CaGeM.self,
    CharLSTM.self,
    DeltaVAE.self,
    GMDGM.self,
    HiLLoC.self,
    HVAE.self,
    InpaintingHVAE.self,
    LadderVAE.self,
    M2.self,
    Mixture.self,
    Modular.self,
    RRVQ.self,
    SDGM.self,
    Seatbelt.self,
    Stacking.self,
    TextVAE.self,
    UnrolledGAN.self,
    VAE.self,
    VAEAC.self,
    VAEACImage.self,
    VLAC.self,
    VLAE.self,
  ]

  /// Settings for a table of so many rows where a user has none of his own; a family that isn't here has its defaults.
  package static func settings(of family: String, forRows rows: Int) -> TableSettings? {
    switch family {
    case Mixture.name: Mixture.settings(forRows: rows)
    case Stacking.name: Stacking.settings(forRows: rows)
    case VAEAC.name: VAEAC.settings(forRows: rows)
    default: nil
    }
  }

  package static func family(named name: String) -> (any ModelFamily.Type)? { families.named(name) }
}
