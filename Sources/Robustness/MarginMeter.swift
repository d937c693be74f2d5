internal import Distributions
internal import Foundation
internal import Modelling
internal import Tensors

/// The margin of r-robustness of one item (Camuto et al. 2021, 2007.07365): how far an item may move before its reconstruction more likely than not leaves a ball of
/// radius r around g(μ(x)).
package struct Margin: Sendable {
  /// Draws of z ~ q(z|x) for which ‖g(z) - g(μ(x))‖ <= r, as a part of all.
  package let probability: Double
  /// Its one-sided 95 % limit of Clopper and Pearson.
  package let probabilityLowerLimit: Double
  /// ‖∂μ/∂x‖_F over the means of all layers, exactly.
  package let jacobianNorm: Double
  /// ‖∂μ/∂x‖₂: how fast the means move along the direction of the item that moves them most; squared, the largest eigenvalue of the metric that the encoder pulls back to the
  /// items (Khan and Storkey 2022). Where it is nearly the Frobenius norm, one direction is all there is to attack.
  package let jacobianSpectralNorm: Double
  package let smallestDeviation: Double
  /// min σ Φ⁻¹(p) / ‖J‖_F with p the lower limit, 0 where that is ½ or less: a first-order estimate, never a certificate.
  package let bound: Double
  /// The same with p as it was observed; infinite where all draws stayed inside.
  package let pointEstimate: Double
  /// The smallest perturbation that a damage attack found to break it, by bisection; nil where none did.
  package let measured: Double?
  /// The largest radius that was tried.
  package let tried: Double
}

/// Estimates and measures margins, in l2 and model units.
struct MarginMeter {
  private let audit: Audit
  private let batch: Int
  private let pause: AttackTask.Pause
  /// r
  let radius: Double

  /// Draws for the probability, draws and bisections of the measurement.
  static let (draws, checkDraws, bisections) = (200, 50, 10)

  init(_ audit: Audit, batch: Int, pause: @escaping AttackTask.Pause) {
    (self.audit, self.batch, self.pause) = (audit, batch, pause)
    radius = audit.marginRadius
  }

  func margins() throws -> [Margin] {
    let estimates = try stride(from: 0, to: audit.count, by: batch).flatMap { start in
      try estimate(Array(start..<min(start + batch, audit.count)))
    }
    let measured = try measure(isRobust: estimates.map { $0.probability > 0.5 })
    return zip(estimates, measured).map { estimate, measured in
      let p = estimate.lowerLimit
      func margin(_ p: Double) -> Double { p > 0.5 ? estimate.deviation * normalQuantile(p) / estimate.jacobian : 0 }
      return Margin(
        probability: estimate.probability, probabilityLowerLimit: p, jacobianNorm: estimate.jacobian, jacobianSpectralNorm: estimate.spectral,
        smallestDeviation: estimate.deviation,
        bound: margin(p), pointEstimate: margin(estimate.probability), measured: measured.found, tried: measured.tried)
    }
  }

  private struct Estimate {
    let probability: Double
    let lowerLimit: Double
    let jacobian: Double
    let spectral: Double
    let deviation: Double
  }

  private func estimate(_ items: [Int]) throws -> [Estimate] {
    let model = audit.subject.model
    // A few at a time: their whole Jacobians are kept for the moment.
    let grams = try stride(from: 0, to: items.count, by: 8).flatMap { start in
      try self.grams(Array(items[start..<min(start + 8, items.count)]))
    }
    let plain = audit.subject.x.gather(items)
    let q = model.inference(plain, noise: nil)
    let centre = model.decodedMean(q.draws)
    let inside = try stays(plain, items, centre, draws: Self.draws, purpose: "margin")
    return items.indices.map { row in
      let deviation = q.posteriors.reduce(Double.infinity) { smallest, posterior in
        posterior.deviation.row(row).reduce(smallest) { min($0, Double($1)) }
      }
      return Estimate(
        probability: Double(inside[row]) / Double(Self.draws),
        lowerLimit: clopperPearsonLowerLimit(successes: inside[row], trials: Self.draws), jacobian: grams[row].trace.squareRoot(),
        spectral: grams[row].largestEigenvalue.squareRoot(), deviation: deviation)
    }
  }

  /// J Jᵀ of every item, J being the means' Jacobian: one backward pass a latent variable gives that row of it for all items.
  private func grams(_ items: [Int]) throws -> [Gram] {
    let x = audit.subject.x.gather(items).watched()
    var rows: [Tensor] = []
    for posterior in audit.subject.model.inference(x, noise: nil).posteriors {
      let width = posterior.mean.shape[1]
      for latent in 0..<width {
        let one = Tensor(shape: posterior.mean.shape) { y in
          y.update(repeating: 0, count: posterior.mean.count)
          for row in items.indices { y[row * width + latent] = 1 }
        }
        try pause(items.count)
        if let gradient = posterior.mean.backward(from: one)[x] { rows.append(gradient) }
      }
    }
    return items.indices.map { Gram(rows: rows, item: $0) }
  }

  /// How many draws of z ~ q(z|points) have a reconstruction within r of the centre.
  private func stays(_ points: Tensor, _ items: [Int], _ centre: Tensor, draws: Int, purpose: StaticString) throws -> [Int] {
    let model = audit.subject.model
    let subject = audit.subject.with(noise: RowKeys(audit.key.split(purpose), rows: audit.numbers), samples: 1)
    var stays = [Int](repeating: 0, count: items.count)
    for draw in 0..<draws {
      try pause(items.count)
      let reconstruction = model.decodedMean(model.inference(points, noise: subject.noise(of: items, draw: draw)).draws)
      for row in items.indices where distance(reconstruction, row, centre, row) <= radius { stays[row] += 1 }
    }
    return stays
  }

  /// Bisects the radius with a damage attack: an item is broken where at least half of the draws leave the ball.
  private func measure(isRobust: [Bool]) throws -> [(found: Double?, tried: Double)] {
    let subject = audit.subject.with(noise: audit.subject.noise, samples: 0)
    let feasible = FeasibleSet(norm: .l2, box: audit.box)
    let task = AttackTask(
      objective: DamageObjective(subject), origin: subject.x, feasible: feasible,
      keys: RowKeys(audit.key.split("margin attack"), rows: audit.numbers),
      batch: batch, pause: pause)
    let reach = (0..<audit.count).map { audit.farthest(from: subject.x.row($0)) }
    var low = [Double](repeating: 0, count: audit.count)
    // What broke an item with the least perturbation so far; an item that isn't robust as it is has the margin 0.
    var found: [Double?] = isRobust.map { $0 ? nil : 0 }
    for bisection in 0...Self.bisections {
      let open = isRobust.indices.filter { isRobust[$0] && (bisection == 0 || found[$0] != nil) }
      guard !open.isEmpty else { break }
      let runs = open.map { AttackRun(item: $0, strength: bisection == 0 ? reach[$0] : (low[$0] + (found[$0] ?? reach[$0])) / 2) }
      let outcomes = try APGD(steps: audit.marginSteps)(runs, on: task)
      for start in stride(from: 0, to: open.count, by: batch) {
        let part = start..<min(start + batch, open.count)
        let items = Array(open[part])
        let points = Tensor(rows: outcomes[part].map(\.point))
        let centre = subject.model.decodedMean(subject.model.inference(subject.x.gather(items), noise: nil).draws)
        let inside = try stays(points, items, centre, draws: Self.checkDraws, purpose: "margin check")
        for (row, item) in items.enumerated() {
          if 2 * inside[row] <= Self.checkDraws {
            let size = Norm.l2(zip(points.row(row), subject.x.row(item)).map { Double($0) - Double($1) })
            found[item] = min(found[item] ?? .infinity, size)
            low[item] = min(low[item], size)
          } else {
            low[item] = runs[part.lowerBound + row].strength
          }
        }
      }
    }
    return found.indices.map { (found[$0], reach[$0]) }
  }
}

extension Audit {
  /// r of r-robustness: a root mean squared change of a number of 0.1 unless the plan says otherwise.
  package var marginRadius: Double { plan.radius ?? 0.1 * Double(signature.width).squareRoot() }

  var marginSteps: Int { min(plan.steps, 40) }

  /// Points that margins evaluate.
  var marginEvaluations: Int {
    guard plan.margins, plan.objective != .latentSpace else { return 0 }
    let bisection = marginSteps + 2 + MarginMeter.checkDraws
    return count * (subject.model.latentWidths.reduce(0, +) + MarginMeter.draws + (MarginMeter.bisections + 1) * bisection)
  }

  /// The distance of the box's farthest corner; where there is no box, √width times 10 standard deviations.
  func farthest(from x: [Float]) -> Double {
    guard let box, (box.lower + box.upper).allSatisfy(\.isFinite) else { return 10 * Double(x.count).squareRoot() }
    return Norm.l2(x.indices.map { max(Double(x[$0]) - box.lower[$0], box.upper[$0] - Double(x[$0])) })
  }
}
