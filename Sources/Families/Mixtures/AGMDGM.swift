package import Modelling

/// `GMDGM` with an auxiliary variable (arXiv 1901.08560; Maaløe et al. 2016 for a): q(a|x) q(y|a, x) q(z|a, x, y), p(y) p(z|y) p(x|z) p(a|x, z, y).
///
/// Integrated over a, the posterior of y and z is richer than any Gaussian.
package typealias AGMDGM = SemiSupervised<AGMDGMVariant>

package enum AGMDGMVariant: LatentDecodingVariant {
  package static let name = "agmdgm"
  package static let summary = "Gaussian-mixture deep generative model with an auxiliary variable, which makes its posterior more than Gaussian."
  package static let purpose = FamilyPurpose(
    .classes, choose: "as gmdgm, where a Gaussian a class is too plain a posterior; it takes longer to learn")
  package static let dependencies: Dependencies = [.codeOnClass, .auxiliary]
  package static let classDraws = 0
  package static let settings = SemiSupervisedConfiguration<Self>.makeTable()
}
