internal import Data
internal import ModelFiles
internal import Modelling
internal import Registry

/// Something that recorded runs say of a model: a line of its score sheet.
enum ScoreEntry: String, CaseIterable {
  case likelihood, clusters, classification, calibration, imputation, modes, disentanglement, probe, robustness

  var summary: String {
    switch self {
    case .likelihood: "How likely the model finds a data set: means over its items, in nats, with standard errors."
    case .clusters: "How the model's clusters agree with known classes, by layer: accuracy under a map of clusters to classes, kappa, NMI, ARI."
    case .classification: "How often the model names the right one of the classes that it learnt."
    case .calibration: "Whether its probabilities of classes mean what they say: expected calibration error and negative log-likelihood."
    case .imputation: "The log-likelihood of hidden pixels given the others, in nats, with standard errors."
    case .modes: "Which modes of a data set its samples reach, and the share of samples near one."
    case .disentanglement: "How far its latent dimensions stand each for one factor of the items: MIG, SAP, DCI, total correlation."
    case .probe: "How often a line through its codes names the right one of known classes: a linear probe."
    case .robustness: "How far bounded changes of items move what the model makes of them, beside noise of the same size."
    }
  }

  /// Of the runs that fill it.
  var kind: RunKind { self == .robustness ? .robustness : .evaluate }

  // MARK: - Which runs it has

  /// Metrics of which a finished run that fills it has one.
  private var marks: [String] {
    switch self {
    case .likelihood: ["bits_per_dim", "bits_per_character"]
    case .clusters: ["components", "layer_0.components"]
    case .classification: ["accuracy.known_classes"]
    case .calibration: ["ece"]
    case .imputation: ["hidden_pixels_nats"]
    case .modes: ["modes_covered"]
    case .disentanglement: ["mig"]
    case .probe: ["probe_accuracy", "layer_0.probe_accuracy"]
    case .robustness: []
    }
  }

  /// What tells a run that has not finished, and so has no metrics, by what it was asked for.
  private var intent: [RunCondition] {
    func parameter(_ name: String, isThere: Bool) -> RunCondition { RunCondition(.parameter(name), .isNull(!isThere)) }
    switch self {
    case .likelihood:
      return [
        RunCondition(.parameter("k"), .greater, .number(0)), parameter("masks", isThere: false), parameter("measure", isThere: false),
      ]
    case .clusters, .classification, .calibration: return [parameter("labels_digest", isThere: true), parameter("measure", isThere: false)]
    case .imputation: return [parameter("masks", isThere: true)]
    case .modes: return [parameter("samples", isThere: true)]
    case .disentanglement: return [parameter("measure", isThere: true)]
    case .probe: return [parameter("probe", isThere: true)]
    case .robustness: return []
    }
  }

  /// What a run of its kind has to meet; nil for nothing.
  var predicate: RunPredicate? {
    guard self != .robustness else { return nil }
    let unfinished = [RunCondition(.attribute(.status), .notEqual, .text(RunStatus.finished.rawValue))] + intent
    let marked = marks.map { RunPredicate.condition(RunCondition(.metric($0), .isNull(false))) }
    return .any(marked + [.all(unfinished.map(RunPredicate.condition))])
  }

  /// Whether a metric of one of its runs belongs here: a run may fill several entries, a metric of an evaluation just one.
  func holds(_ metric: String) -> Bool {
    switch self {
    case .likelihood: !Self.allCases.contains { $0 != self && $0 != .robustness && $0.holds(metric) }
    case .clusters:
      ["components", "components_used", "nmi", "ari", "mean_entropy_nats"].contains(Self.withoutLayer(metric))
        || ["accuracy.majority.", "accuracy.hungarian.", "kappa."].contains { Self.withoutLayer(metric).hasPrefix($0) }
    case .classification: ["accuracy.known_classes", "taken_for_new"].contains(metric)
    case .calibration: ["ece", "nll_nats"].contains(metric)
    case .imputation: metric.hasPrefix("hidden_")
    case .modes: metric == "modes_covered" || metric.hasPrefix("high_quality_share")
    case .disentanglement: ["mig", "sap", "dci", "total_correlation_nats"].contains { metric == $0 || metric.hasPrefix("\($0).") }
    case .probe: Self.withoutLayer(metric).hasPrefix("probe_accuracy")
    // What tells how far an audit is, is no finding.
    case .robustness: !["progress", "seconds_left", "wall_seconds"].contains(metric)
    }
  }

  /// Of `layer_2.nmi`: nmi.
  private static func withoutLayer(_ metric: String) -> Substring {
    guard metric.hasPrefix("layer_"), let point = metric.firstIndex(of: ".") else { return metric[...] }
    return metric[metric.index(after: point)...]
  }

  // MARK: - Which models it is for

  /// What a model lacks for it, as a sentence; nil where it can be measured.
  func lack(of family: any ModelFamily.Type, _ signature: Signature) -> String? {
    func lack<Able>(_ capability: Capability<Able>, _ verb: String) -> String? {
      guard capability.isOffered(by: family) else { return "The family \(family.name) can't \(verb)." }
      if let condition = capability.condition, !condition.isMet(signature) { return "\(condition.lack)." }
      return nil
    }
    switch self {
    case .likelihood: return lack(.scoring, "score items")
    case .clusters: return lack(.clustering, "cluster items")
    case .classification, .calibration: return lack(.classifying, "classify items")
    case .imputation:
      if let lack = lack(.conditionalScoring, "score hidden numbers given the others") { return lack }
      return signature.space.picture == nil ? "Hidden pixels are of images; of tables, posterior impute checks a model on hidden cells itself." : nil
    case .modes:
      if let lack = lack(.sampling, "sample") { return lack }
      let hasModes = NamedDataSet.all.contains { $0.modes != nil && signature.space.takesItems(of: $0.space) }
      return hasModes ? nil : "No known data set of such items has known modes."
    case .disentanglement, .probe: return lack(.encoding, "encode items")
    case .robustness: return lack(.attackable, "be audited")
    }
  }
}
