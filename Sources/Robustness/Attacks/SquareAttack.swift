internal import Foundation
internal import Tensors

/// Random search with square patches, without gradients (Andriushchenko et al. 2020): where it finds more than a gradient does, the gradient is masked.
///
/// Of items that are no images patches are runs of neighbouring numbers. For linf each patch takes one of ±radius a channel (their algorithm 2). For l2 a patch's
/// mass is spent anew: a patch gets a random sign a channel and the whole norm that is left to it, and the rest is scaled into the ball; a simpler
/// proposal than their algorithm 3.
package struct SquareAttack: Attack {
  package let steps: Int
  /// Height, width and channels of an image whose channels come first; 1, width, 1 for other items.
  package let extents: (height: Int, width: Int, channels: Int)

  package init(steps: Int, height: Int, width: Int, channels: Int) {
    self.steps = steps
    extents = (height, width, channels)
  }

  package var description: String { "square attack of \(steps) queries" }

  /// Norms that it knows patches for.
  package static let norms: [Norm] = [.linf, .l2]

  /// The share of the item that a patch covers: 0.8 at first, halved at fixed parts of the way (their section 4.1, with the schedule of 10 000 queries).
  static func share(_ step: Int, of steps: Int) -> Double {
    let place = Double(step) / Double(max(steps, 1)) * 10_000
    let halvings = [10.0, 50, 200, 500, 1000, 2000, 4000, 6000, 8000].count { place > $0 }
    return 0.8 / pow(2, Double(halvings))
  }

  package func callAsFunction(_ runs: [AttackRun], on task: AttackTask) throws -> [AttackOutcome] {
    try task.inBatches(runs) { runs in
      var best = try task.outcomesAtStart(runs)
      var paths = runs.map { run in
        let ball = task.ball(run)
        var stripes = stripes(run, task)
        ball.project(&stripes)
        return Path(ball: ball, d: stripes, proposal: stripes)
      }
      for step in 0..<max(steps, 1) {
        AttackTask.update(&paths) { row, path in
          // The stripes first, patches from then on.
          if step > 0 { path.proposal = propose(path.d, step, runs[row], task, in: path.ball) }
          path.point = path.ball.point(path.proposal)
        }
        let values = try task.values(paths.map(\.point), runs)
        for row in runs.indices {
          if best[row].improve(paths[row].point, values[row]) { paths[row].d = paths[row].proposal }
          best[row].steps = step + 1
        }
      }
      return best
    }
  }

  private struct Path {
    let ball: Ball
    var d: [Double]
    var proposal: [Double]
    var point: [Float] = []
  }

  private func keys(_ run: AttackRun, _ task: AttackTask) -> RandomNumbers {
    RandomNumbers(task.keys.split("square").split(run.restart).slice(run.item..<run.item + 1))
  }

  /// Vertical stripes of random sign, of the whole norm.
  private func stripes(_ run: AttackRun, _ task: AttackTask) -> [Double] {
    let signs = keys(run, task)(0, extents.width * extents.channels).map { $0 < 0.5 ? -1.0 : 1.0 }
    let pattern = (0..<task.width).map { index in
      signs[index / (extents.height * extents.width) * extents.width + index % extents.width]
    }
    let length = task.feasible.norm(pattern)
    return pattern.map { $0 / length * run.strength }
  }

  private func propose(_ d: [Double], _ step: Int, _ run: AttackRun, _ task: AttackTask, in ball: Ball) -> [Double] {
    let numbers = keys(run, task)(step, 2 + extents.channels)
    let share = Self.share(step, of: steps)
    let (rows, columns): (Int, Int)
    if extents.height > 1 {
      let side = max(1, Int((share * Double(extents.height * extents.width)).squareRoot().rounded()))
      (rows, columns) = (min(side, extents.height), min(side, extents.width))
    } else {
      (rows, columns) = (1, max(1, min(extents.width, Int((share * Double(extents.width)).rounded()))))
    }
    let top = min(Int(numbers[0] * Double(extents.height - rows + 1)), extents.height - rows)
    let left = min(Int(numbers[1] * Double(extents.width - columns + 1)), extents.width - columns)
    var proposal = d
    for channel in 0..<extents.channels {
      let sign = numbers[2 + channel] < 0.5 ? -1.0 : 1.0
      let level = task.feasible.norm == .linf ? run.strength : run.strength / Double(rows * columns * extents.channels).squareRoot()
      for row in top..<top + rows {
        for column in left..<left + columns { proposal[(channel * extents.height + row) * extents.width + column] = sign * level }
      }
    }
    ball.project(&proposal)
    return proposal
  }
}

/// Uniform numbers of one run, by step.
private struct RandomNumbers {
  private let keys: RowKeys

  init(_ keys: RowKeys) { self.keys = keys }

  func callAsFunction(_ step: Int, _ count: Int) -> [Double] { keys.split(step).uniform(count).scalars.map(Double.init) }
}
