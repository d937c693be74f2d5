internal import Distributions
internal import Foundation
package import Modelling
package import Tensors

/// What q(y|x) sees of pixels that are binarised by drawing.
package enum ClassPixels: String, CaseIterable, SettingValue {
  /// The drawn bits, as the likelihood does.
  case bits
  /// The grey levels that they are drawn by.
  case grey
}

/// What an auxiliary variable is given beside the class.
package enum AuxiliaryGiven: String, CaseIterable, SettingValue {
  /// p(a|x, z, y), its code being given too (Maaløe et al. 2016).
  case item
  /// p(a|z, y), as in the program of Willetts et al.
  case code
}

/// The shape of a semi-supervised model and of its p(x|z).
package struct SemiSupervisedConfiguration<Variant: SemiSupervisedVariant>: Settings {
  package var latent: Int
  package var auxiliary: Int
  /// nil: the item.
  package var auxiliaryGiven: AuxiliaryGiven?
  package var hidden: [Int]
  /// Components that no label names.
  package var components: Int
  /// Classes that have no label: they hold their share of the prior's mass together with the components added to them; `components` where nil.
  package var hiddenClasses: Int?
  /// p(y) of the labelled classes; the rest is spread over the other components.
  package var classPrior: [Double]?
  /// Deviation of the components' means at the start.
  package var componentSpread: Float
  package var activation: Activation
  package var scale: ScaleReading
  package var scaleFloor: Float
  /// nil: bits.
  package var classPixels: ClassPixels?
  /// nil: the variant's.
  package var classDraws: Int?
  /// nil: none.
  package var batchNorm: Bool?
  package var observation: Observation

  package init() { self.init(latent: 100) }

  package init(
    latent: Int = 100, auxiliary: Int = usualAuxiliary, auxiliaryGiven: AuxiliaryGiven? = nil, hidden: [Int] = [500, 500], components: Int = 0,
    hiddenClasses: Int? = nil, classPrior: [Double]? = nil, componentSpread: Float = 1e-3, activation: Activation = .relu,
    scale: ScaleReading = .expHalf, scaleFloor: Float = 0, classPixels: ClassPixels? = nil, classDraws: Int? = nil,
    batchNorm: Bool? = nil, observation: Observation = Observation(.bernoulli)
  ) {
    (self.latent, self.auxiliary, self.auxiliaryGiven, self.hidden, self.components, self.hiddenClasses) = (
      latent, auxiliary, auxiliaryGiven, hidden, components, hiddenClasses
    )
    (self.classPrior, self.componentSpread, self.activation) = (classPrior, componentSpread, activation)
    (self.scale, self.scaleFloor, self.classPixels, self.classDraws) = (scale, scaleFloor, classPixels, classDraws)
    (self.batchNorm, self.observation) = (batchNorm, observation)
  }

  package static var usualAuxiliary: Int { 100 }

  package static var table: Table<Self> { Variant.settings }

  /// The table, which a variant keeps: a generic type has no stored one.
  static func makeTable() -> Table<Self> {
    Table {
      Setting("latent", \.latent, in: 1...65_536, "Dimensions of z.")
      Setting("auxiliary", \.auxiliary, in: 1...65_536, "Dimensions of the auxiliary variable a, of families that have one.")
      if !Variant.has(.itemOnAuxiliary) {
        Setting(
          "auxiliary_given", \.auxiliaryGiven,
          "What p(a|·) depends on beside the class: the item and its code, as in ADGM, or the code alone, as in the program of agmdgm's authors; "
            + "absent: item.")
      }
      Setting("hidden", \.hidden, in: 1...65_536, lengths: 1...64, of: "layers", "Widths of the linear layers of every network.")
      Setting("components", \.components, in: 0...10_000, "Components that no label names; those of labelled classes come from the labels.")
      if !Variant.has(.classOnCode) {
        Setting(
          "hidden_classes", \.hiddenClasses, in: 0..., writesNull: true,
          "How many classes have no label, out of which their share of p(y) follows: spread over `components`; absent: as many as those.")
        Setting(
          "class_prior", \.classPrior, writesNull: true, "p(y) of the labelled classes; the rest goes to the other components. Absent: 1 / classes.")
      }
      // Recipes of m2 may have it.
      if !Variant.has([.itemOnClass, .auxiliary]) {
        Setting("component_spread", \.componentSpread, in: 0..., "Deviation of the components' means before training.")
      }
      Setting("activation", \.activation, "Behind every hidden layer.")
      Setting("scale", \.scale, "How scale heads of the latent variables are read.")
      Setting("scale_floor", \.scaleFloor, in: 0..., "Added to a softplus or sigmoid deviation.")
      Setting(
        "class_pixels", \.classPixels,
        "What q(y|x) sees of pixels that are binarised by drawing: the bits, as the likelihood does, or the grey levels; absent: bits.")
      if Variant.has(.auxiliary) {
        Setting(
          "class_draws", \.classDraws, in: 0...10_000,
          "Draws of a that q(y|x) is averaged over when items are classified, the same noise for every item; 0: the mean of a. Absent: "
            + "\(Variant.classDraws).")
      }
      Setting("batch_norm", \.batchNorm, "Batch normalisation before every hidden activation; absent: none.")
      Part(\.observation)
    }
  }

  package var conventions: [String] { ["scale"] }

  package mutating func dropIneffective() {
    if !scale.hasFloor { scaleFloor = 0 }
    if observation.binarisation != .dynamic { classPixels = nil }
    if !Variant.has(.auxiliary) { (auxiliary, auxiliaryGiven) = (Self.usualAuxiliary, nil) }
  }

  package func check() throws(Fault) {
    try refuseIneffective()
    let possible = components == 0 ? 0...0 : 1...components
    if let hiddenClasses, !possible.contains(hiddenClasses) {
      throw Fault(field: "hidden_classes", given: "\(hiddenClasses)", expected: "\(possible.lowerBound) to \(possible.upperBound)")
    }
  }

  /// Whether p(a|·) is p(a|x, z, y), not p(a|z, y).
  var auxiliarySeesItem: Bool { !Variant.has(.itemOnAuxiliary) && auxiliaryGiven != .code }

  func normal(mean: Tensor, head: Tensor) -> Normal { scale.normal(mean: mean, head: head, floor: scaleFloor) }

  /// p(y) of the labelled classes, then of the components without a label; it sums to 1.
  package func prior(classes: Int) -> [Double] {
    let hidden = components == 0 ? 0 : hiddenClasses ?? components
    let labelled = classPrior ?? [Double](repeating: 1 / Double(classes + hidden), count: classes)
    let rest = max(0, 1 - labelled.reduce(0, +))
    return labelled + [Double](repeating: rest / Double(max(components, 1)), count: components)
  }

  func check(_ signature: Signature) throws(Fault) {
    try validate()
    try signature.checkRealNumbers()
    let classes = signature.classes?.count ?? 0
    guard classes > 0 || components > 0 else { throw Fault(field: "components", given: "0", expected: "1 to 10000") }
    if let classPrior {
      guard classPrior.count == classes else {
        throw Fault(field: "class_prior", given: "\(classPrior.count) masses", expected: "\(classes), one for each labelled class")
      }
      let sum = classPrior.reduce(0, +)
      guard classPrior.allSatisfy({ $0 > 0 && $0 <= 1 }), components == 0 ? abs(sum - 1) < 1e-6 : sum < 1 else {
        throw Fault(
          field: "class_prior", given: "\(classPrior)", expected: "positive masses that sum to \(components == 0 ? "1" : "less than 1")")
      }
    }
    try observation.check(signature)
  }
}
