package import Modelling
internal import Optimisation

/// One of the phases in which classes are found.
package struct ClassPhase: Settings {
  package enum Kind: String, CaseIterable, SettingValue {
    /// Everything but q(y|x) learns the bound of a VAE, all items being of one class.
    case vae
    /// A Gaussian mixture is fitted to the codes, which takes no epoch.
    case mixture
    /// q(y|x) learns the mixture's responsibilities.
    case distil
    /// q(y|x) learns to be the same under maps of x, sure, and even over all items.
    case consistency
    /// Everything learns the bound and that consistency.
    case joint
  }

  package var kind: Kind
  /// nil of the last phase, and of a mixture.
  package var epochs: Int?
  /// nil: the optimiser's.
  package var rate: Float?
  /// Of a mixture: how many are tried.
  package var restarts: Int?
  /// Of a joint phase; nil: `usualWeight`.
  package var consistencyWeight: Float?

  package init() { self.init(.joint) }

  package init(_ kind: Kind, epochs: Int? = nil, rate: Float? = nil, restarts: Int? = nil, consistencyWeight: Float? = nil) {
    (self.kind, self.epochs, self.rate) = (kind, epochs, rate)
    (self.restarts, self.consistencyWeight) = (restarts, consistencyWeight)
  }

  package static let usualWeight: Float = 20

  package static let table = Table<Self> {
    Setting(
      "kind", \.kind, required: true,
      "vae: a plain VAE; mixture: a mixture fitted to its codes; distil: q(y|x) learns the mixture's responsibilities; "
        + "consistency: q(y|x) learns to be the same under maps of x; joint: all learns the bound and that consistency.")
    Setting("epochs", \.epochs, in: 1...1_000_000, "Of every phase but a mixture and the last one, which lasts as long as the recipe.")
    Setting("rate", \.rate, in: Above(0), "The learning rate; absent: the optimiser's.")
    Setting(
      "restarts", \.restarts, in: 1...100,
      "Of a mixture: from how many the phases up to the first joint one are gone through, the most consistent outcome being kept; absent: 1.")
    Setting("consistency_weight", \.consistencyWeight, in: 0..., "Of a joint phase; absent: \(Int(usualWeight)).")
  }

  package func check() throws(Fault) {
    let isMixture = kind == .mixture
    func refuse(_ field: String, _ value: String?, unless fits: Bool, _ expected: String) throws(Fault) {
      guard let value, !fits else { return }
      throw Fault(field: field, given: value, expected: "no such field: \(expected)")
    }
    try refuse("epochs", epochs.map(String.init), unless: !isMixture, "a mixture takes no epochs")
    try refuse("rate", rate.map { "\($0)" }, unless: !isMixture, "a mixture has no rate")
    try refuse("restarts", restarts.map(String.init), unless: isMixture, "it is a mixture's")
    try refuse("consistency_weight", consistencyWeight.map { "\($0)" }, unless: kind == .joint, "it is a joint phase's")
  }

  /// Whether it learns from q(y|x) under maps of x.
  var comparesMaps: Bool {
    switch kind {
    case .vae, .mixture, .distil: false
    case .consistency: true
    case .joint: weight > 0
    }
  }

  var weight: Float { consistencyWeight ?? Self.usualWeight }

  /// Refuses phases that don't follow from one another or from what stands beside them.
  static func check(
    _ phases: [ClassPhase], pretrainingEpochs: Int, _ augmentation: Augmentation?, _ perturbation: Perturbation?
  ) throws(Fault) {
    try check(phases)
    if !phases.isEmpty, pretrainingEpochs > 0 {
      throw Fault(field: "pretraining_epochs", given: "\(pretrainingEpochs)", expected: "0, beside phases, which begin with one of kind vae")
    }
    if phases.isEmpty, augmentation != nil {
      throw Fault(
        field: "augmentation", given: "maps without phases", expected: "phases that learn from them, or the recipe's own augmentation")
    }
    if phases.isEmpty, perturbation != nil {
      throw Fault(field: "perturbation", given: "changes without phases", expected: "phases that learn from them")
    }
    if let place = phases.firstIndex(where: \.comparesMaps), augmentation == nil, perturbation == nil {
      throw Fault(
        field: "augmentation", given: "nothing",
        expected: "maps for phases[\(place)] to compare q(y|x) under, such as {\"rotation\": 10}, or a perturbation, such as {\"noise\": 0.3}")
    }
  }

  private static func check(_ phases: [ClassPhase]) throws(Fault) {
    guard let last = phases.last else { return }
    let kinds = Kind.allCases
    func place(_ phase: ClassPhase) -> Int { kinds.firstIndex(of: phase.kind) ?? 0 }
    for (index, phase) in phases.enumerated() {
      func fault(_ expected: String) -> Fault { Fault(field: "phases[\(index)]", given: phase.kind.rawValue, expected: expected) }
      if index > 0, place(phase) < place(phases[index - 1]) { throw fault("one after \(phases[index - 1].kind.rawValue), or another such") }
      let before = phases[..<index].map(\.kind)
      switch phase.kind {
      case .vae, .consistency, .joint: break
      case .mixture: if before.last != .vae { throw fault("a vae before the only mixture, which is fitted to its codes") }
      case .distil: if !before.contains(.mixture) { throw fault("a mixture before it, which it learns from") }
      }
      if phase.kind != .mixture, index < phases.count - 1, phase.epochs == nil {
        throw Fault(field: "phases[\(index)].epochs", given: "nothing", expected: "1 to 1000000")
      }
    }
    let field = "phases[\(phases.count - 1)]"
    if last.kind == .mixture { throw Fault(field: field, given: "mixture", expected: "a phase that learns") }
    if let epochs = last.epochs {
      throw Fault(field: field + ".epochs", given: "\(epochs)", expected: "no such field: the last phase lasts as long as the recipe's epochs do")
    }
    if let mixture = phases.firstIndex(where: { $0.restarts ?? 1 > 1 }), last.kind != .joint {
      throw Fault(
        field: "phases[\(mixture)].restarts", given: "\(phases[mixture].restarts ?? 1)",
        expected: "1, or a joint phase at the end, which goes on from the best")
    }
  }
}
