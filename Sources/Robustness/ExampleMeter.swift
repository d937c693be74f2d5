internal import Distributions
internal import Modelling
internal import Tensors

/// Measures perturbed items; what depends on the item alone is worked out once.
struct ExampleMeter {
  let audit: Audit
  let task: AttackTask
  let similarity: StructuralSimilarity?
  /// Of the items as they are, through posterior means.
  let clean: References
  /// Of the targets.
  let targets: References?
  let cleanLosses: [Float]
  let cleanDecisions: [Int]?
  private let fresh: (objective: any AttackObjective, clean: [Float])?

  /// What a model makes of one item each.
  struct References {
    let inference: Inference
    /// [items, width]
    let reconstruction: Tensor
    /// [items]
    let elbo: [Float]
  }

  private static let freshDraws = 20

  init(_ audit: Audit, _ task: AttackTask) throws {
    (self.audit, self.task) = (audit, task)
    let (model, subject) = (audit.subject.model, audit.subject)
    let image = audit.signature.space.picture
    let box = audit.box
    similarity = image.flatMap { image in
      guard min(image.height, image.width) > 1, let box else { return nil }
      return StructuralSimilarity(height: image.height, width: image.width, channels: image.channels, range: box.diameter(.linf))
    }
    clean = try Self.references(subject.x, model, task)
    targets = try subject.targets.map { try Self.references($0, model, task) }
    let runs = (0..<subject.count).map { AttackRun(item: $0, strength: 0) }
    cleanLosses = try task.inBatches(runs, task.outcomesAtStart).map(\.loss)
    cleanDecisions = Capability.deciding.of(model).map { $0.logits(subject.x).argmaxRows() }
    guard subject.samples > 0 else {
      fresh = nil
      return
    }
    let again = audit.objective(
      subject.with(noise: RowKeys(audit.key.split("fresh"), rows: audit.numbers), samples: Self.freshDraws))
    let origin = task.origin
    fresh = (
      again,
      try stride(from: 0, to: subject.count, by: task.batch).flatMap { start -> [Float] in
        let items = Array(start..<min(start + task.batch, subject.count))
        try task.pause(items.count)
        return again.values(origin.gather(items), items: items)
      }
    )
  }

  private static func references(_ x: Tensor, _ model: any Attackable, _ task: AttackTask) throws -> References {
    let parts = try stride(from: 0, to: x.shape[0], by: task.batch).map { start -> References in
      let rows = x.slice(0, start..<min(start + task.batch, x.shape[0]))
      try task.pause(rows.shape[0])
      let q = model.inference(rows, noise: nil)
      let elbo = model.logLikelihood(of: rows, given: q.draws) - model.divergence(q)
      return References(inference: q, reconstruction: model.decodedMean(q.draws), elbo: elbo.scalars)
    }
    let inferences = parts.map(\.inference)
    return References(
      inference: Inference(
        posteriors: inferences[0].posteriors.indices.map { layer in
          Normal(
            mean: .concatenated(inferences.map { $0.posteriors[layer].mean }),
            deviation: .concatenated(inferences.map { $0.posteriors[layer].deviation }))
        }, draws: inferences[0].draws.indices.map { layer in .concatenated(inferences.map { $0.draws[layer] }) }),
      reconstruction: .concatenated(parts.map(\.reconstruction)), elbo: parts.flatMap(\.elbo))
  }

  func examples(_ runs: [AttackRun], _ outcomes: [AttackOutcome]) throws -> [Example] {
    try stride(from: 0, to: runs.count, by: task.batch).flatMap { start in
      let part = start..<min(start + task.batch, runs.count)
      try task.pause(part.count)
      return measured(Array(runs[part]), Array(outcomes[part]))
    }
  }

  /// ‖g(x + d) - g(x)‖₂ of every point.
  func reconstructionShifts(_ points: [[Float]], items: [Int]) -> [Double] {
    let reconstructions = reconstructions(Tensor(rows: points))
    return items.indices.map { distance(reconstructions, $0, clean.reconstruction, items[$0]) }
  }

  private func reconstructions(_ points: Tensor) -> Tensor {
    let model = audit.subject.model
    if let codes = task.objective as? LatentSpaceObjective { return model.decodedMean(codes.layers(points)) }
    return model.decodedMean(model.inference(points, noise: nil).draws)
  }

  private func measured(_ runs: [AttackRun], _ outcomes: [AttackOutcome]) -> [Example] {
    let points = Tensor(rows: outcomes.map(\.point))
    let items = runs.map(\.item)
    let isCode = audit.plan.objective == .latentSpace
    let reconstruction = reconstructions(points)
    // Out to the client and in again: raw float32 numbers and back to model units.
    let returned = isCode ? points : audit.signature.toModel(audit.signature.toRaw(points))
    let rescored = task.objective.values(returned, items: items)
    let freshLosses = fresh?.objective.values(points, items: items)
    let decisions = isCode ? nil : Capability.deciding.of(audit.subject.model).map { $0.logits(points).argmaxRows() }
    let model = isCode ? nil : ModelView(points, self, items)
    return runs.indices.map { row in
      let (run, outcome) = (runs[row], outcomes[row])
      let start = task.start(run.item)
      let d = zip(outcome.point, start).map { Double($0) - Double($1) }
      var measures: [Measure: Double] = [
        .deltaL2: Norm.l2(d), .deltaLinf: Norm.linf(d), .deltaL1: Norm.l1(d), .deltaL0: Double(d.count { $0 != 0 }),
        .attackLoss: Double(outcome.loss), .cleanLoss: Double(cleanLosses[run.item]), .rescoredLoss: Double(rescored[row]),
        .reconShift: distance(reconstruction, row, clean.reconstruction, run.item), .steps: Double(outcome.steps),
        .converged: outcome.converged ? 1 : 0,
      ]
      if let fresh, let freshLosses { (measures[.freshLoss], measures[.freshCleanLoss]) = (Double(freshLosses[row]), Double(fresh.clean[run.item])) }
      if let model { model.add(to: &measures, row) }
      if let decisions, let cleanDecisions { measures[.decisionChanged] = decisions[row] == cleanDecisions[run.item] ? 0 : 1 }
      if let decisions, let labels = audit.labels { measures[.correct] = decisions[row] == labels[run.item] ? 1 : 0 }
      addTarget(&measures, run.item, reconstruction, row)
      addSimilarities(&measures, run.item, isCode ? nil : outcome.point, reconstruction, row)
      return Example(run: run, point: outcome.point, measures: measures, decision: decisions?[row], foundBy: outcome.foundBy)
    }
  }

  private func addTarget(_ measures: inout [Measure: Double], _ item: Int, _ reconstruction: Tensor, _ row: Int) {
    guard let targets, let x = audit.subject.targets else { return }
    let own = distance(clean.reconstruction, item, x, item)
    let best = distance(targets.reconstruction, item, x, item)
    let reached = distance(reconstruction, row, x, item)
    measures[.targetDistance] = reached
    measures[.targetDistanceNorm] = own != best ? (reached - best) / (own - best) : .nan
  }

  private func addSimilarities(_ measures: inout [Measure: Double], _ item: Int, _ point: [Float]?, _ reconstruction: Tensor, _ row: Int) {
    guard let similarity else { return }
    func add(_ a: [Float], _ b: [Float], _ single: Measure, _ multi: Measure) {
      measures[single] = similarity.ssim(a, b)
      measures[multi] = similarity.multiScale(a, b)
    }
    let moved = reconstruction.row(row)
    if let point { add(audit.subject.x.row(item), point, .ssimInput, .msssimInput) }
    add(clean.reconstruction.row(item), moved, .ssimReconstruction, .msssimReconstruction)
    if let targets { add(targets.reconstruction.row(item), moved, .ssimTarget, .msssimTarget) }
  }
}

/// What a model says of perturbed items, a batch of them.
private struct ModelView {
  private let skl: [Float]
  private let elbo: [Float]
  private let cleanElbo: [Float]
  private let logTarget: [Float]?

  init(_ points: Tensor, _ meter: ExampleMeter, _ items: [Int]) {
    let model = meter.audit.subject.model
    let q = model.inference(points, noise: nil)
    skl = PosteriorDistance.skl(q, meter.clean.inference.gather(items), layers: Array(q.posteriors.indices)).scalars
    elbo = (model.logLikelihood(of: points, given: q.draws) - model.divergence(q)).scalars
    cleanElbo = items.map { meter.clean.elbo[$0] }
    logTarget = meter.audit.subject.targets.map { model.logLikelihood(of: $0.gather(items), given: q.draws).scalars }
  }

  func add(to measures: inout [Measure: Double], _ row: Int) {
    measures[.skl] = Double(skl[row])
    measures[.elbo] = Double(elbo[row])
    measures[.elboDrop] = Double(cleanElbo[row]) - Double(elbo[row])
    measures[.logTarget] = logTarget.map { Double($0[row]) }
  }
}

extension Tensor {
  /// The numbers of one row of a matrix.
  func row(_ index: Int) -> [Float] { Array(scalars[index * shape[1]..<(index + 1) * shape[1]]) }
}

/// The Euclidean distance of a row of one matrix from a row of another, in double.
func distance(_ a: Tensor, _ row: Int, _ b: Tensor, _ other: Int) -> Double {
  let width = a.shape[1]
  return a.withScalars { a in
    b.withScalars { b in
      var sum = 0.0
      for i in 0..<width {
        let d = Double(a[row * width + i]) - Double(b[other * width + i])
        sum += d * d
      }
      return sum.squareRoot()
    }
  }
}
