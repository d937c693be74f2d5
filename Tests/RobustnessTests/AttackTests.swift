import Robustness
import Tensors
import Testing

/// -‖A d‖² of a linear map: the worst perturbation of length ε is ε times the top right singular vector, and reaches -ε² σ².
private struct LinearDamage: AttackObjective {
  /// [out, in]
  let matrix: Tensor
  let origin: Tensor

  func loss(_ points: Tensor, items: [Int]) -> Tensor {
    let y = (points - origin.gather(items)).matrixProduct(matrix, transposingOther: true)
    return -y.rowDots(y)
  }
}

/// ½‖x - target‖² with one target an item.
private struct Bowl: AttackObjective {
  let targets: Tensor

  func loss(_ points: Tensor, items: [Int]) -> Tensor {
    let d = points - targets.gather(items)
    return 0.5 * d.rowDots(d)
  }
}

@Suite("Attacks")
struct AttackTests {
  private static let key = RandomKey(seed: 31)
  private static let attacks: [any Attack] = [
    PGD(steps: 40), APGD(steps: 40), SquareAttack(steps: 40, height: 1, width: 12, channels: 1), NoiseAttack(.uniform), NoiseAttack(.gaussian),
    NoiseAttack(.saltAndPepper), PenaltyAttack(steps: 40), APGD(steps: 15).repeated(3),
  ]

  private func task(_ objective: any AttackObjective, _ origin: Tensor, _ norm: Norm, box: FeasibleSet.Box? = nil, batch: Int = 64) -> AttackTask {
    AttackTask(
      objective: objective, origin: origin, feasible: FeasibleSet(norm: norm, box: box), keys: RowKeys(Self.key, rows: 0..<origin.shape[0]),
      batch: batch)
  }

  /// Singular values 4, 1, 0.5 along the first three axes turned by a random rotation (Gram-Schmidt).
  private static func rotated() -> (matrix: Tensor, top: [Double]) {
    var basis: [[Double]] = []
    for index in 0..<3 {
      var v = key.split("basis").split(index).normal([1, 12]).scalars.map(Double.init)
      for b in basis {
        let product = zip(v, b).reduce(0) { $0 + $1.0 * $1.1 }
        v = zip(v, b).map { $0 - product * $1 }
      }
      let length = Norm.l2(v)
      basis.append(v.map { $0 / length })
    }
    let matrix = Tensor(rows: zip(basis, [4.0, 1, 0.5]).map { row, s in row.map { Float($0 * s) } })
    return (matrix, basis[0])
  }

  @Test("the worst perturbation of a linear map is its top singular vector", arguments: [PGD(steps: 100), APGD(steps: 100)] as [any Attack])
  func topSingularVector(_ attack: any Attack) throws {
    let (matrix, top) = Self.rotated()
    let origin = Self.key.split("x").normal([5, 12])
    let runs = (0..<5).map { AttackRun(item: $0, strength: 0.7) }
    for (run, outcome) in zip(runs, try attack(runs, on: task(LinearDamage(matrix: matrix, origin: origin), origin, .l2))) {
      #expect(abs(Double(outcome.loss) + 0.49 * 16) < 0.02, "\(attack): \(outcome.loss)")
      let d = zip(outcome.point, origin.scalars[run.item * 12..<(run.item + 1) * 12]).map { Double($0) - Double($1) }
      let cosine = abs(zip(d, top).reduce(0) { $0 + $1.0 * $1.1 }) / Norm.l2(d)
      #expect(cosine > 0.999, "\(attack): \(cosine)")
    }
  }

  @Test("gradients beat queries, queries beat noise of the same size", arguments: [Norm.linf, .l2])
  func order(_ norm: Norm) throws {
    let origin = Self.key.split("x").normal([8, 12])
    let task = task(LinearDamage(matrix: Self.rotated().matrix, origin: origin), origin, norm)
    let runs = (0..<8).map { AttackRun(item: $0, strength: 0.5) }
    func mean(_ attack: any Attack) throws -> Float { try attack(runs, on: task).reduce(0) { $0 + $1.loss } / 8 }
    let white = try mean(APGD(steps: 50))
    let black = try mean(SquareAttack(steps: 200, height: 1, width: 12, channels: 1))
    let noise = try mean(NoiseAttack(.uniform))
    #expect(white <= black && black < noise, "\(white), \(black), \(noise)")
  }

  @Test("every point keeps its budget and its box, and budget 0 gives back the item", arguments: attacks, Norm.allCases)
  func feasible(_ attack: any Attack, norm: Norm) throws {
    guard norm != .l1 || !(attack is SquareAttack), !(attack is PenaltyAttack) else { return }
    let origin = Self.key.split("x").uniform([6, 12])
    let box = FeasibleSet.Box(lower: .init(repeating: 0, count: 12), upper: .init(repeating: 1, count: 12))
    let task = task(LinearDamage(matrix: Self.rotated().matrix, origin: origin), origin, norm, box: box)
    let runs = (0..<6).flatMap { item in [0, 0.1, 3].map { AttackRun(item: item, strength: $0) } }
    for (run, outcome) in zip(runs, try attack(runs, on: task)) {
      let start = Array(origin.scalars[run.item * 12..<(run.item + 1) * 12])
      let excess = task.feasible.excess(of: outcome.point, around: start, radius: run.strength)
      #expect(excess.norm == 0 && excess.box == 0, "\(attack), \(norm), \(run): \(excess)")
      if run.strength == 0 { #expect(outcome.point == start) }
    }
  }

  @Test("the same run has the same bits alone, in any batch and beside any others", arguments: attacks)
  func stable(_ attack: any Attack) throws {
    let origin = Self.key.split("x").normal([5, 12])
    let objective = LinearDamage(matrix: Self.rotated().matrix, origin: origin)
    let runs = (0..<5).flatMap { item in [0.2, 1].map { AttackRun(item: item, strength: $0) } }
    let whole = try attack(runs, on: task(objective, origin, .l2))
    #expect(try attack(runs, on: task(objective, origin, .l2, batch: 3)) == whole)
    for (run, outcome) in zip(runs, whole) { #expect(try attack([run], on: task(objective, origin, .l2)) == [outcome]) }
  }

  @Test("more restarts are never worse, and a run's first start is that of the single run")
  func restarts() throws {
    let origin = Self.key.split("x").normal([5, 12])
    let task = task(LinearDamage(matrix: Self.rotated().matrix, origin: origin), origin, .linf)
    let runs = (0..<5).map { AttackRun(item: $0, strength: 0.3) }
    let attack = PGD(steps: 3)
    var before = try attack(runs, on: task)
    for count in 2...4 {
      let after = try attack.repeated(count)(runs, on: task)
      for (a, b) in zip(after, before) { #expect(a.loss <= b.loss) }
      before = after
    }
  }

  @Test("Auto-PGD looks at its step after 22 % of the steps, then after ever shorter parts")
  func checkpoints() {
    // p: 0, 0.22, 0.41, 0.57, 0.70, 0.80, 0.87, 0.93, 0.99
    #expect(APGD.checkpoints(100) == [0, 22, 41, 57, 70, 80, 87, 93, 99])
  }

  @Test("a heavy penalty leaves the item alone, none at all finds the minimum inside the box")
  func penalty() throws {
    let origin = Self.key.split("x").uniform([4, 12])
    let targets = Self.key.split("t").normal([4, 12])
    let box = FeasibleSet.Box(lower: .init(repeating: 0, count: 12), upper: .init(repeating: 1, count: 12))
    let task = task(Bowl(targets: targets), origin, .l2, box: box)
    let runs = (0..<4).flatMap { item in [0, 1e6].map { AttackRun(item: item, strength: $0) } }
    for (run, outcome) in zip(runs, try PenaltyAttack(steps: 50)(runs, on: task)) {
      let row = run.item * 12..<(run.item + 1) * 12
      // The bowl's minimum in a box is the target moved into it.
      let expected = run.strength == 0 ? targets.scalars[row].map { min(max($0, 0), 1) } : Array(origin.scalars[row])
      #expect(zip(outcome.point, expected).allSatisfy { abs($0 - $1) < 1e-4 }, "\(run): \(outcome.point), \(expected)")
      #expect(outcome.converged)
    }
  }

  @Test("the norm's penalty shrinks the step to the minimum by its weight")
  func shrinkage() throws {
    // argmin ½‖x - t‖² + λ‖x - x₀‖ moves from x₀ towards t, and stops λ before it.
    let (origin, targets) = (Tensor.zeros([1, 12]), Self.key.split("t").normal([1, 12]))
    let distance = Norm.l2(targets.scalars.map(Double.init))
    for weight in [0.25, 0.5, 0.9] {
      let run = AttackRun(item: 0, strength: weight * distance)
      let outcome = try PenaltyAttack(steps: 200)([run], on: task(Bowl(targets: targets), origin, .l2))[0]
      #expect(abs(Norm.l2(outcome.point.map(Double.init)) - (1 - weight) * distance) < 1e-3, "\(weight): \(outcome), \(distance)")
    }
  }

  @Test("bumps have norm 1, two halves of opposite sign, and their heights in the halves' middles")
  func bumps() {
    for (rows, columns) in [(1, 1), (1, 2), (1, 7), (2, 2), (5, 5), (6, 6), (6, 9)] {
      for isAcross in [true, false] {
        let pattern = SquareAttack.bumps(rows, columns, isAcross: isAcross)
        #expect(pattern.count == rows * columns && abs(Norm.l2(pattern) - 1) < 1e-12)
        guard rows * columns > 1 else { continue }
        #expect(pattern.contains { $0 > 0 } && pattern.contains { $0 < 0 })
        // The first half is above the second, or beside it.
        let isBeside = rows == 1 || isAcross
        for index in pattern.indices {
          let isFirst = isBeside ? index % columns < columns / 2 : index / columns < rows / 2
          #expect(isFirst ? pattern[index] >= 0 : pattern[index] <= 0)
        }
      }
    }
    // The middle of a half of 3 x 6 holds all of its squares: 1 + 1/4 + 1/9 + 1/16, its corner the largest alone.
    let pattern = SquareAttack.bumps(6, 6, isAcross: false)
    #expect(abs(pattern[1 * 6 + 3] / pattern[0] - (1 + 1.0 / 4 + 1.0 / 9 + 1.0 / 16) / (1.0 / 16)) < 1e-9)
  }
}
