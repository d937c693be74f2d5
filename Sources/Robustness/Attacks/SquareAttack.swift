internal import Foundation
internal import Tensors

/// Random search with square patches, without gradients (Andriushchenko et al. 2020): where it finds more than a gradient does, the gradient is masked.
///
/// For items that are not images, patches are runs of neighbouring numbers. For linf each patch takes one of ±radius a channel (their algorithm 2); for l2
/// a patch takes two bumps of opposite sign, with the mass that is left and that of a second patch, which is emptied (their algorithm 3).
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
        var start = task.feasible.norm == .linf ? stripes(run, task) : tiles(run, task)
        ball.project(&start)
        return Path(ball: ball, d: start, proposal: start)
      }
      for step in 0..<max(steps, 1) {
        AttackTask.update(&paths) { row, path in
          // The pattern first, patches from then on.
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

  /// Vertical stripes of ±radius.
  private func stripes(_ run: AttackRun, _ task: AttackTask) -> [Double] {
    let signs = keys(run, task)(0, extents.width * extents.channels).map { $0 < 0.5 ? -1.0 : 1.0 }
    return (0..<task.width).map { index in
      run.strength * signs[index / (extents.height * extents.width) * extents.width + index % extents.width]
    }
  }

  /// Five by five tiles of bumps with random signs, of the whole norm together.
  private func tiles(_ run: AttackRun, _ task: AttackTask) -> [Double] {
    let (rows, columns) = (max(1, extents.height / 5), max(1, extents.width / 5))
    let (down, across) = (extents.height / rows, extents.width / columns)
    let signs = keys(run, task)(0, down * across * extents.channels).map { $0 < 0.5 ? -1.0 : 1.0 }
    let bumps = Self.bumps(rows, columns, isAcross: false)
    var pattern = [Double](repeating: 0, count: task.width)
    for channel in 0..<extents.channels {
      for tile in 0..<down * across {
        let window = Window(extents, rows, columns, top: tile / across * rows, left: tile % across * columns)
        for (index, bump) in zip(window.indices(channel), bumps) { pattern[index] = signs[channel * down * across + tile] * bump }
      }
    }
    let length = Norm.l2(pattern)
    return pattern.map { $0 / length * run.strength }
  }

  private func propose(_ d: [Double], _ step: Int, _ run: AttackRun, _ task: AttackTask, in ball: Ball) -> [Double] {
    let numbers = keys(run, task)(step, 5 + extents.channels)
    let (rows, columns) = window(Self.share(step, of: steps))
    let first = Window(extents, rows, columns, y: numbers[0], x: numbers[1])
    let signs = (0..<extents.channels).map { numbers[5 + $0] < 0.5 ? -1.0 : 1.0 }
    var proposal = d
    if task.feasible.norm == .linf {
      for channel in 0..<extents.channels { for index in first.indices(channel) { proposal[index] = signs[channel] * run.strength } }
    } else {
      move(
        &proposal, to: first, from: Window(extents, rows, columns, y: numbers[2], x: numbers[3]), isAcross: numbers[4] < 0.5, signs,
        radius: run.strength)
    }
    ball.project(&proposal)
    return proposal
  }

  /// The extents of a patch that covers a share of the item.
  private func window(_ share: Double) -> (rows: Int, columns: Int) {
    guard extents.height > 1 else { return (1, max(1, min(extents.width, Int((share * Double(extents.width)).rounded())))) }
    let side = max(1, Int((share * Double(extents.height * extents.width)).squareRoot().rounded()))
    return (min(side, extents.height), min(side, extents.width))
  }

  /// Algorithm 3: the mass of both windows and what the budget has left go into the first, along two bumps and what was there.
  private func move(
    _ d: inout [Double], to first: Window, from second: Window, isAcross: Bool, _ signs: [Double], radius: Double
  ) {
    let bumps = Self.bumps(first.rows, first.columns, isAcross: isAcross)
    let unused = max(0, radius * radius - d.reduce(0) { $0 + $1 * $1 })
    for channel in 0..<extents.channels {
      let own = first.indices(channel)
      let emptied = second.indices(channel)
      let available = Set(own + emptied).sorted().reduce(unused / Double(extents.channels)) { $0 + d[$1] * d[$1] }.squareRoot()
      let length = Norm.l2(own.map { d[$0] })
      var mixed = zip(own, bumps).map { index, bump in signs[channel] * bump + (length > 0 ? d[index] / length : 0) }
      let size = Norm.l2(mixed)
      // The old mass may cancel the bumps exactly.
      mixed = size > 0 ? mixed.map { $0 / size } : bumps
      for index in emptied { d[index] = 0 }
      for (index, value) in zip(own, mixed) { d[index] = value * available }
    }
  }

  /// Two halves of opposite sign, each highest in its middle, together of norm 1.
  package static func bumps(_ rows: Int, _ columns: Int, isAcross: Bool) -> [Double] {
    guard rows > 1 || columns > 1 else { return [1] }
    // Halves lie above each other, or beside each other.
    let isBeside = rows == 1 || (columns > 1 && isAcross)
    let cut = (isBeside ? columns : rows) / 2
    var pattern: [Double] = []
    for row in 0..<rows {
      for column in 0..<columns {
        let isFirst: Bool = (isBeside ? column : row) < cut
        let size: Int = isFirst ? cut : (isBeside ? columns : rows) - cut
        let level =
          isBeside
          ? bump(row, isFirst ? column : column - cut, height: rows, width: size)
          : bump(isFirst ? row : row - cut, column, height: size, width: columns)
        pattern.append(isFirst ? level : -level)
      }
    }
    let size = Norm.l2(pattern)
    return pattern.map { $0 / size }
  }

  /// A bump's height: over the squares around the middle that hold the place, the k-th weighing 1/k².
  private static func bump(_ row: Int, _ column: Int, height: Int, width: Int) -> Double {
    let nearest = max(abs(row - height / 2), abs(column - width / 2))
    let farthest = max(height, width) / 2
    var level = 0.0
    for k in nearest...max(nearest, farthest) { level += 1 / Double((k + 1) * (k + 1)) }
    return level
  }
}

/// Where a patch lies.
private struct Window {
  let rows: Int
  let columns: Int
  private let top: Int
  private let left: Int
  private let extents: (height: Int, width: Int, channels: Int)

  init(_ extents: (height: Int, width: Int, channels: Int), _ rows: Int, _ columns: Int, top: Int, left: Int) {
    (self.extents, self.rows, self.columns, self.top, self.left) = (extents, rows, columns, top, left)
  }

  /// At a random place: `y` and `x` are from 0 to 1.
  init(_ extents: (height: Int, width: Int, channels: Int), _ rows: Int, _ columns: Int, y: Double, x: Double) {
    let top = min(Int(y * Double(extents.height - rows + 1)), extents.height - rows)
    let left = min(Int(x * Double(extents.width - columns + 1)), extents.width - columns)
    self.init(extents, rows, columns, top: top, left: left)
  }

  /// Of one channel's numbers, row by row.
  func indices(_ channel: Int) -> [Int] {
    (top..<top + rows).flatMap { row in (left..<left + columns).map { (channel * extents.height + row) * extents.width + $0 } }
  }
}

/// Uniform numbers of one run, by step.
private struct RandomNumbers {
  private let keys: RowKeys

  init(_ keys: RowKeys) { self.keys = keys }

  func callAsFunction(_ step: Int, _ count: Int) -> [Double] { keys.split(step).uniform(count).scalars.map(Double.init) }
}
