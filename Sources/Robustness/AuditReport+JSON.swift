package import Formats
internal import Modelling
internal import Tensors

extension AuditReport {
  /// The members of a JSON answer; everything in it follows from model, items, plan and seed.
  ///
  /// - Parameter digest: of the model file.
  /// - Parameter isAsBefore: whether every audit warns of losses of codes, as in builds before 0.3.
  package func members(digest: String, isAsBefore: Bool = false) -> [JSONValue.Member] {
    let all = isAsBefore && !warnings.contains(Self.comparability) ? warnings + [Self.comparability] : warnings
    return [
      .init(name: "sane", value: .bool(isSane)),
      .init(name: "warnings", value: .strings(all)),
      .init(name: "threat_model", value: threatModel(digest: digest)),
      .init(name: plan.kind.strength + "s", value: Self.numbers(strengths)),
      .init(name: "aggregates", value: .array(strengths.map(aggregate))),
      .init(name: "damage_curve", value: damageCurve.map { Self.curve($0) } ?? .null),
      .init(
        name: "noise_curve",
        value: .object(
          noiseCurves.map { kind, mean, worst in .init(name: kind.rawValue, value: .record(["mean": Self.curve(mean), "worst": Self.curve(worst)])) })
      ),
      .init(name: "distortion_curve", value: distortionCurves.map(distortion) ?? .null),
      .init(name: "decisions", value: decisions.map(value) ?? .null),
      .init(name: "margins", value: margins.map(marginsValue) ?? .null),
      .init(
        name: "sanity", value: .array(sanity.map { .record(["name": .string($0.name), "passed": .bool($0.passed), "detail": .string($0.detail)]) })),
      .init(name: "items", value: .array((0..<count).map(item))),
    ]
  }

  package var warnings: [String] {
    let failed = sanity.filter { !$0.passed }.map(\.name)
    let insane =
      failed.isEmpty
      ? []
      : ["This audit failed \(failed.joined(separator: ", ")): the attack or its gradients can't be trusted, and robustness it shows may be none."]
    let own = (distortionCurves ?? []).indices.filter { distortionCurves?[$0] == nil }.map { audit.firstItem + $0 }
    let alike =
      own.isEmpty
      ? []
      : [
        "\(own.count) of \(count) items are equal to their target and have no distortion curve; auddc is the mean over the others: item\(own.count == 1 ? "" : "s") "
          + own.prefix(Self.namedItems).map(String.init).joined(separator: ", ") + (own.count > Self.namedItems ? ", ..." : "") + "."
      ]
    return insane + alike + (plan.objective.isOfLatents ? [Self.comparability] : [])
  }

  private static let namedItems = 10

  /// A number; null where it is none.
  private static func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
  private static func numbers(_ values: [Double]) -> JSONValue { .array(values.map(number)) }

  private func threatModel(digest: String) -> JSONValue {
    let image = meter.similarity
    return .record([
      "attack": .string(audit.attack.repeated(plan.restarts).description), "kind": .string(plan.kind.rawValue),
      "objective": .string(audit.objectiveName), "norm": .string(plan.kind.hasPenalty ? "none: a penalty of the l2 norm" : plan.norm.rawValue),
      "units": .string("model units: images in [0, 1], scaled columns in standard deviations"),
      "box": .string(
        plan.objective == .latentSpace
          ? "none: codes are unbounded" : audit.box == nil ? "none: the signature bounds no number" : "the signature's range of every number"),
      "preprocessing": .string("the signature's scaling, differentiated through; no quantisation to 8 bits"),
      "access": .string(plan.kind.isBlackBox ? "black-box" : "white-box"),
      "latent": .string(plan.eotSamples == 0 ? "mean of q(z|x)" : "draws of q(z|x), frozen by the seed"),
      "eot_samples": .integer(plan.eotSamples), "steps": .integer(plan.steps), "restarts": .integer(plan.restarts), "seed": .integer(seed),
      "n": .integer(count), "model_digest": .string(digest), "family": .string(type(of: audit.subject.model).name),
      "latent_widths": .array(audit.subject.model.latentWidths.map(JSONValue.integer)),
      "observation_model": .string(audit.subject.model.observationModel),
      "similarity": image.map {
        .string("SSIM with a window of \($0.window); MS-SSIM over \($0.scales) of 5 scales, as many as the image has room for")
      } ?? .null,
      "wall_time": .string("kept by the run and by Server-Timing, so that equal audits have equal bytes"),
    ])
  }

  func strength(_ value: Double) -> JSONValue.Member {
    .init(name: plan.kind.strength, value: Self.number(value))
  }

  private func aggregate(at value: Double) -> JSONValue {
    .object([strength(value)] + measures.map { .init(name: $0.rawValue, value: Self.summary(summary($0, at: value))) })
  }

  static func summary(_ summary: Summary) -> JSONValue {
    .record([
      "n": .integer(summary.count), "mean": number(summary.mean), "standard_error": number(summary.standardError),
      "quantiles": .object(zip(Summary.quantileNames, summary.quantiles).map { .init(name: $0, value: number($1)) }),
    ])
  }

  private static func curve(_ curve: Curve) -> JSONValue {
    .record([
      "quantity": .string(Measure.reconShift.rawValue), "budgets": numbers(curve.budgets), "mean": numbers(curve.summaries.map(\.mean)),
      "standard_error": numbers(curve.summaries.map(\.standardError)), "area": number(curve.area),
    ])
  }

  private func distortion(_ curves: [DistortionCurve?]) -> JSONValue {
    .record([
      "auddc": Self.summary(Summary(curves.compactMap { $0?.area })),
      "items": .array(
        curves.map { curve in
          guard let curve else { return .null }
          return .record(["x": Self.numbers(curve.points.map(\.x)), "y": Self.numbers(curve.points.map(\.y)), "area": Self.number(curve.area)])
        }),
    ])
  }

  private func marginsValue(_ margins: [Margin]) -> JSONValue {
    // Whether the estimate lies below what an attack found, where both are known.
    let both = margins.filter { $0.measured != nil }
    let below = both.count { $0.bound <= $0.measured ?? .infinity }
    return .record([
      "norm": .string("l2"), "r": Self.number(audit.marginRadius), "kind": .string("estimate"),
      "note": .string(
        "margin_bound is a first-order estimate that assumes a perturbation moves the mean of q(z|x) alone; it is no certificate. measured is the smallest "
          + "perturbation that a damage attack found to break r-robustness, null where none of up to `tried` did."),
      "draws": .integer(MarginMeter.draws), "confidence": .number(0.95),
      "jacobian_norm": Self.summary(Summary(margins.map(\.jacobianNorm))),
      "jacobian_spectral_norm": Self.summary(Summary(margins.map(\.jacobianSpectralNorm))),
      "margin_bound": Self.summary(Summary(margins.map(\.bound))), "measured": Self.summary(Summary(margins.compactMap(\.measured))),
      "bound_below_measured": both.isEmpty ? .null : .number(Double(below) / Double(both.count)),
    ])
  }

  private func item(_ index: Int) -> JSONValue {
    let own = examples.filter { $0.run.item == index }
    return .record([
      "item": .integer(audit.firstItem + index), "target_item": audit.targetIndices.map { .integer($0[index]) },
      "class": meter.cleanDecisions.map { className($0[index]) },
      "label": audit.labels.map { className($0[index]) },
      "results": .array(own.map(result)),
      "margin": margins.map { margins in
        let margin = margins[index]
        return .record([
          "p_r": .number(margin.probability), "p_r_lower_limit": .number(margin.probabilityLowerLimit),
          "jacobian_norm": Self.number(margin.jacobianNorm), "jacobian_spectral_norm": Self.number(margin.jacobianSpectralNorm),
          "smallest_deviation": Self.number(margin.smallestDeviation),
          "margin_bound": Self.number(margin.bound), "margin_at_p_r": Self.number(margin.pointEstimate),
          "measured": margin.measured.map(Self.number) ?? .null, "tried": Self.number(margin.tried),
        ])
      },
    ])
  }

  private func result(_ example: Example) -> JSONValue {
    let norms: [(String, Measure)] = [("l2", .deltaL2), ("linf", .deltaLinf), ("l1", .deltaL1), ("l0", .deltaL0)]
    let own: Set<Measure> = [.deltaL2, .deltaLinf, .deltaL1, .deltaL0, .steps, .converged, .decisionChanged, .correct]
    var members = [strength(example.run.strength)]
    members.append(.init(name: "delta_norms", value: .object(norms.map { .init(name: $0.0, value: Self.number(example[$0.1])) })))
    for measure in measures where !own.contains(measure) { members.append(.init(name: measure.rawValue, value: Self.number(example[measure]))) }
    if example.measures[.decisionChanged] != nil { members.append(.init(name: "decision_changed", value: .bool(example[.decisionChanged] == 1))) }
    if let decision = example.decision { members.append(.init(name: "decision", value: className(decision))) }
    if example.measures[.correct] != nil { members.append(.init(name: "correct", value: .bool(example[.correct] == 1))) }
    if let member = example.foundBy { members.append(.init(name: "found_by", value: .string(member.rawValue))) }
    members.append(.init(name: "iterations", value: .integer(Int(example[.steps]))))
    members.append(.init(name: "converged", value: .bool(example[.converged] == 1)))
    if plan.examples {
      let isCode = plan.objective == .latentSpace
      let raw = isCode ? example.point : audit.signature.toRaw(Tensor(rows: [example.point])).scalars
      members.append(.init(name: isCode ? "code" : "example", value: .floats(raw, shape: isCode ? [raw.count] : audit.signature.space.shape)))
    }
    return .object(members)
  }
}
