package import Modelling

/// The cluster-aware generative model (Maaløe et al. 2017): p(z) p(y|z) p(x|y, z) p(a|x, y, z) with q(a|x) q(y|a, x) q(z|a, x, y).
///
/// A class is where a code lies, and a few labels, or none, make the density of items better.
package typealias CaGeM = SemiSupervised<CaGeMVariant>

package enum CaGeMVariant: SemiSupervisedVariant {
  package static let name = "cagem"
  package static let summary = "Cluster-aware generative model: the code says how likely each cluster is; labels, few or none, name clusters."
  package static let purpose = FamilyPurpose(
    .classes, choose: "when a few labels, or clusters alone, are to make the likelihood better rather than the classes")
  package static let dependencies: Dependencies = [.itemOnClass, .auxiliary, .classOnCode]
  package static let classDraws = 100
  package static let settings = SemiSupervisedConfiguration<Self>.makeTable()
}
