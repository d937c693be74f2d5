package import Modelling

/// The Gaussian-mixture deep generative model of Willetts et al. (arXiv 1810.12176, 1901.08560): p(y) p(z|y) p(x|z), z of class y ~ N(μ_y, diag σ_y²).
///
/// The data depend on the class only through z, so components without a label find structure of their own beside the labelled ones.
package typealias GMDGM = SemiSupervised<GMDGMVariant>

package enum GMDGMVariant: LatentDecodingVariant {
  package static let name = "gmdgm"
  package static let summary =
    "Gaussian-mixture deep generative model: clusters with as many labels as there are, down to none, for any of the classes."
  package static let purpose = FamilyPurpose(.classes, choose: "first for clusters, and for classes of which some have no labels")
  package static let dependencies: Dependencies = .codeOnClass
  package static let classDraws = 0
  package static let settings = SemiSupervisedConfiguration<Self>.makeTable()
}
