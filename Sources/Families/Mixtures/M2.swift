package import Modelling

/// Model M2 of Kingma et al. 2014: class and style are independent, p(y) p(z) p(x|y, z), z ~ N(0, I).
///
/// Nothing ties classes without a label to z, so they tend to collapse: `GMDGM` is for those.
package typealias M2 = SemiSupervised<M2Variant>

package enum M2Variant: SemiSupervisedVariant {
  package static let name = "m2"
  package static let summary = "Semi-supervised model M2: class and style independent, the decoder is shown both; labelled and unlabelled items."
  package static let purpose = FamilyPurpose(
    .classes, choose: "when every class has some labels, and what is left of an item should be a code of its own")
  package static let dependencies: Dependencies = .itemOnClass
  package static let classDraws = 0
  package static let settings = SemiSupervisedConfiguration<Self>.makeTable()
}
