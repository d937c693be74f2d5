package import Modelling

/// The skip deep generative model (Maaløe et al. 2016): p(y) p(z) p(a|y, z) p(x|a, y, z) with the posterior of `ADGM`.
///
/// The auxiliary variable is a second layer of the generative model, past which y and z reach x as well.
package typealias SDGM = SemiSupervised<SDGMVariant>

package enum SDGMVariant: SemiSupervisedVariant {
  package static let name = "sdgm"
  package static let summary = "Skip deep generative model: adgm with the auxiliary variable as a second layer of what makes items."
  package static let purpose = FamilyPurpose(.classes, choose: "as adgm, for items of more variety: the auxiliary variable makes items too")
  package static let dependencies: Dependencies = [.itemOnClass, .auxiliary, .itemOnAuxiliary]
  package static let classDraws = 100
  package static let settings = SemiSupervisedConfiguration<Self>.makeTable()
}
