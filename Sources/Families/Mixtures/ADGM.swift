package import Modelling

/// The auxiliary deep generative model (Maaløe et al. 2016): p(y) p(z) p(x|y, z) p(a|x, y, z) with q(a|x) q(y|a, x) q(z|a, x, y).
///
/// Integrated over a, the generative model is `M2`, and the posterior of y and z is richer than any Gaussian.
package typealias ADGM = SemiSupervised<ADGMVariant>

package enum ADGMVariant: SemiSupervisedVariant {
  package static let name = "adgm"
  package static let summary =
    "Auxiliary deep generative model: few labels suffice, since an auxiliary variable makes its posterior of class and style more than Gaussian."
  package static let purpose = FamilyPurpose(
    .classes, choose: "for classes of which few items have labels, and whose shapes a Gaussian a class does not follow")
  package static let dependencies: Dependencies = [.itemOnClass, .auxiliary]
  package static let classDraws = 100
  package static let settings = SemiSupervisedConfiguration<Self>.makeTable()
}
