internal import Foundation
internal import Modelling
internal import Tensors

/// Which weights fill in hidden cells best.
///
/// A fifth of the visible cells is hidden, never a category's last one, from every member; five times where there are few rows, and where there are
/// fewer still ten times a tenth, so that members learn from nearly as much as in the end. Members are then asked for such cells from what is visible
/// beside holes of the table itself (`HiddenCells`). Numbers: weights that are not negative and sum to 1, of the least squares of standardised errors,
/// with a ridge towards equal ones. Categories: weights of greatest likelihood. Where few cells were hidden all weights are equal. How the combination
/// spreads about its mean follows from the hidden cells too (`StretchSearch`).
struct StackingTrial {
  let numberWeights: Tensor
  let categoryWeights: Tensor
  /// See `Stacking.Network.stretches`.
  let stretches: Tensor
  /// See `StackingLearner.State.errors`.
  let errors: Tensor
  /// See `Stacking.Network.errors`.
  let columnErrors: Tensor

  /// Below so many rows the table is gone over so many times, each with such a share of the cells hidden.
  private static let plans: [(rows: Int, folds: Int, share: Float)] = [(200, 10, 0.1), (500, 5, 0.2)]
  private static let largePlan: (rows: Int, folds: Int, share: Float) = (.max, 1, 0.2)
  private static let fewCells = 200
  /// Rows that members are tried on.
  private static let mostRows = 20_000
  /// Hidden cells' worth of equal weights.
  private static let ridge = 5.0
  private static let pseudoCounts = 2.0
  /// A weight below this becomes 0.
  private static let leastWeight = 0.01

  /// What every member says of the hidden cells of one column.
  struct Column {
    let isNumber: Bool
    /// Of numbers, as coordinates.
    var truths: [Double] = []
    /// Of numbers a guess, of categories the probability of the true one and whether it is the likeliest: by member.
    var guesses: [[Double]] = []
    /// Of categories: all probabilities, by member.
    var probabilities: [[[Double]]] = []
    /// Of numbers, the cells that the stretch is found from, evenly spread over the hidden ones, and what every member's copies believe of these.
    var sampled: [Int] = []
    var beliefs: [[[CellBeliefs.Column]]] = []
    var baselines: [Double] = []
    var deviation = 1.0
  }

  init(_ model: Stacking, _ data: TrainingData, _ options: Stacking.TrainingOptions, key: RandomKey) throws {
    let (width, count) = (model.signature.width, model.members.count)
    let items = data.count <= Self.mostRows ? Array(0..<data.count) : Array(key.permutation(data.count).prefix(Self.mostRows).sorted())
    let x = data[items]
    let coordinates = MixtureCoordinates(model.signature)
    var columns = model.isNumber.map { Column(isNumber: $0, members: count) }
    let plan = Self.plans.first { items.count < $0.rows } ?? Self.largePlan
    for fold in 0..<(options.folds ?? plan.folds) {
      let own = key.split("fold").split(fold)
      let holed = Self.hiding(x, plan.share, model.signature, coordinates, key: own.split("hidden"))
      let asked = HiddenCells(x, holed, key: own.split("gaps"))
      guard asked.count > 0 else { continue }
      let learnt = TrainingData(count: items.count) { holed.gather($0) }
      for column in 0..<width { columns[column].note(asked.cells[column].map(\.row), of: x, holed, column, coordinates) }
      let fitted = try model.fitted(learnt, key: own.split("fit"))
      for (index, copies) in fitted.enumerated() {
        let found = copies.enumerated().map { copy, member in
          member.beliefs(asked.values, draws: 0, keys: RowKeys(own.split("impute").split(index).split(copy), rows: 0..<asked.count))
        }
        for column in 0..<width {
          columns[column].add(index, asked.cells[column].map(\.place), found.map { $0.columns[column] }, coordinates.columns[column])
        }
      }
    }
    var numbers = Self.numberWeights(columns.filter(\.isNumber), count)
    var categories = Self.categoryWeights(columns.filter { !$0.isNumber }, count)
    // A kind that no column has goes by the other's weights.
    if columns.allSatisfy(\.isNumber) { categories = numbers }
    if !columns.contains(where: \.isNumber) { numbers = categories }
    let search = StretchSearch(weights: numbers)
    let found = search.stretches(columns.enumerated().map { $1.isNumber ? search.cells($1, coordinates.columns[$0]) : [] })
    stretches = Tensor(rows: found.map { [Float(log($0.factor)), Float($0.bend)] })
    (numberWeights, categoryWeights) = (Tensor(numbers.map { Float($0) }), Tensor(categories.map { Float($0) }))
    // The combination, the baseline, then every member.
    var judged = [(numbers: [Double], categories: [Double])](repeating: ([], []), count: 2 + count)
    var told: [Float] = []
    for column in columns {
      let weights = column.isNumber ? numbers : categories
      let unit = (0..<count).map { member in (0..<count).map { $0 == member ? 1.0 : 0 } }
      guard let own = column.error(weights), let baseline = column.baseline else {
        told += [0, 0, 0]
        continue
      }
      let scale = column.isNumber ? column.deviation : 1
      told += [Float(own * scale), Float(baseline * scale), Float(column.count)]
      for (place, error) in ([own, baseline] + unit.map { column.error($0) ?? 0 }).enumerated() {
        if column.isNumber { judged[place].numbers.append(error) } else { judged[place].categories.append(error) }
      }
    }
    func mean(_ values: [Double]) -> Float { values.isEmpty ? -1 : Float(values.reduce(0, +) / Double(values.count)) }
    errors = Tensor(shape: [2 + count, 2], scalars: judged.flatMap { [mean($0.numbers), mean($0.categories)] })
    columnErrors = Tensor(shape: [width, 3], scalars: told)
  }

  /// The rows with a share of their visible cells hidden as well, but never a category's last cell or a number's last two.
  private static func hiding(_ x: Tensor, _ share: Float, _ signature: Signature, _ coordinates: MixtureCoordinates, key: RandomKey) -> Tensor {
    let (n, width) = (x.shape[0], signature.width)
    var values = x.scalars
    let u = key.uniform([n, width]).scalars
    for column in 0..<width {
      let isNumber = !signature.space.type(at: column).isDiscrete
      var left: [Int: Int] = [:]
      for row in 0..<n where !values[row * width + column].isNaN { left[isNumber ? 0 : Int(values[row * width + column]), default: 0] += 1 }
      for row in 0..<n {
        let cell = row * width + column
        guard u[cell] < share, !values[cell].isNaN else { continue }
        let kind = isNumber ? 0 : Int(values[cell])
        guard let others = left[kind], others > (isNumber ? 2 : 1) else { continue }
        left[kind] = others - 1
        values[cell] = .nan
      }
    }
    return Tensor(shape: x.shape, scalars: values)
  }
}

// MARK: - Cells

extension StackingTrial.Column {
  init(isNumber: Bool, members count: Int) {
    self.isNumber = isNumber
    (guesses, probabilities, beliefs) = (Array(repeating: [], count: count), Array(repeating: [], count: count), Array(repeating: [], count: count))
  }

  /// Cells of one fold that the stretch is found from.
  private static let mostSampled = 1000

  private static func stride(_ count: Int) -> Int { max((count + mostSampled - 1) / mostSampled, 1) }

  var count: Int { truths.count }

  /// The true values of the hidden cells of one fold, and what the visible ones alone would fill in.
  mutating func note(_ rows: [Int], of x: Tensor, _ holed: Tensor, _ column: Int, _ coordinates: MixtureCoordinates) {
    let (n, width) = (x.shape[0], x.shape[1])
    let visible = (0..<n).map { holed.scalars[$0 * width + column] }.filter { !$0.isNaN }
    switch coordinates.columns[column] {
    case .number(_, _, let unit):
      let known = visible.map { unit.coordinate(of: $0) }
      let mean = known.reduce(0, +) / Double(max(known.count, 1))
      truths += rows.map { unit.coordinate(of: x.scalars[$0 * width + column]) }
      baselines += rows.map { _ in mean }
      sampled += Swift.stride(from: truths.count - rows.count, to: truths.count, by: Self.stride(rows.count))
      let whole = (0..<n).map { x.scalars[$0 * width + column] }.filter { !$0.isNaN }.map { unit.coordinate(of: $0) }
      let centre = whole.reduce(0, +) / Double(max(whole.count, 1))
      deviation = (whole.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / Double(max(whole.count, 1))).squareRoot()
    case .categories(let range, _):
      let counts = visible.reduce(into: [Int](repeating: 0, count: range.count)) { $0[Int($1)] += 1 }
      let commonest = counts.indices.reduce(0) { counts[$1] > counts[$0] ? $1 : $0 }
      truths += rows.map { Double(x.scalars[$0 * width + column]) }
      baselines += rows.map { _ in Double(commonest) }
    }
  }

  /// One member's answers, its copies averaged; `places` are the cells' rows in the answer.
  mutating func add(_ member: Int, _ places: [Int], _ copies: [CellBeliefs.Column], _ column: MixtureCoordinates.Column) {
    for (index, place) in places.enumerated() {
      switch column {
      case .number(_, _, let unit):
        let mean = copies.reduce(0) { $0 + $1.moments(place).mean } / Double(copies.count)
        guesses[member].append(unit.coordinate(of: unit.model(told: mean)))
        if index % Self.stride(places.count) == 0 { beliefs[member].append(copies.map { $0.alone(place) }) }
      case .categories(let range, _):
        var sum = [Double](repeating: 0, count: range.count)
        for copy in copies {
          guard case .categories(let p, _) = copy else { continue }
          for category in sum.indices { sum[category] += p[place * range.count + category] / Double(copies.count) }
        }
        probabilities[member].append(sum)
      }
    }
  }

  /// Root mean squared error over the column's deviation, or the share of errors; nil where nothing was hidden.
  func error(_ weights: [Double]) -> Double? {
    guard count > 0, !isNumber || deviation > 0 else { return nil }
    let sum = truths.indices.reduce(0.0) { sum, cell in
      if isNumber {
        let guess = weights.indices.reduce(0) { $0 + weights[$1] * guesses[$1][cell] }
        return sum + (guess - truths[cell]) * (guess - truths[cell])
      }
      let p = probabilities[0][cell].indices.map { category in weights.indices.reduce(0) { $0 + weights[$1] * probabilities[$1][cell][category] } }
      return sum + (p.indices.reduce(0) { p[$1] > p[$0] ? $1 : $0 } == Int(truths[cell]) ? 0 : 1)
    }
    return isNumber ? (sum / Double(count)).squareRoot() / deviation : sum / Double(count)
  }

  var baseline: Double? {
    guard count > 0, !isNumber || deviation > 0 else { return nil }
    let sum = zip(truths, baselines).reduce(0) { $0 + (isNumber ? ($1.0 - $1.1) * ($1.0 - $1.1) : $1.0 == $1.1 ? 0 : 1) }
    return isNumber ? (sum / Double(count)).squareRoot() / deviation : sum / Double(count)
  }
}

// MARK: - Weights

extension StackingTrial {
  private static func equal(_ count: Int) -> [Double] { [Double](repeating: 1 / Double(count), count: count) }

  private static func held(_ weights: [Double]) -> [Double] {
    let kept = weights.map { $0 < leastWeight ? 0 : $0 }
    let sum = kept.reduce(0, +)
    return kept.map { $0 / sum }
  }

  /// The minimum of w' G w + ridge ‖w - 1/M‖² over the simplex, by projected gradients; G is of standardised errors.
  private static func numberWeights(_ columns: [Column], _ count: Int) -> [Double] {
    var gram = [Double](repeating: 0, count: count * count)
    var cells = 0
    for column in columns where column.deviation > 0 {
      for cell in column.truths.indices {
        let errors = (0..<count).map { (column.guesses[$0][cell] - column.truths[cell]) / column.deviation }
        for i in 0..<count { for j in 0..<count { gram[i * count + j] += errors[i] * errors[j] } }
        cells += 1
      }
    }
    guard cells >= fewCells else { return equal(count) }
    for i in 0..<count { gram[i * count + i] += ridge }
    let step = 1 / (0..<count).reduce(0) { $0 + gram[$1 * count + $1] }
    var weights = equal(count)
    for _ in 0..<20_000 {
      let next = projected(
        (0..<count).map { i in
          weights[i] - step * ((0..<count).reduce(0) { $0 + gram[i * count + $1] * weights[$1] } - ridge / Double(count))
        })
      let moved = zip(next, weights).reduce(0) { $0 + abs($1.0 - $1.1) }
      weights = next
      if moved < 1e-9 { break }
    }
    return held(weights)
  }

  /// The nearest point of the simplex (Duchi et al. 2008).
  static func projected(_ point: [Double]) -> [Double] {
    var (sum, threshold) = (0.0, 0.0)
    for (index, value) in point.sorted(by: >).enumerated() {
      sum += value
      let candidate = (sum - 1) / Double(index + 1)
      if value > candidate { threshold = candidate }
    }
    return point.map { max($0 - threshold, 0) }
  }

  /// The weights of greatest Σ ln Σ_m w_m p_m(true category), by expectation maximisation.
  private static func categoryWeights(_ columns: [Column], _ count: Int) -> [Double] {
    let cells = columns.flatMap { column in
      column.truths.indices.map { cell in (0..<count).map { column.probabilities[$0][cell][Int(column.truths[cell])] } }
    }
    guard cells.count >= fewCells else { return equal(count) }
    var weights = equal(count)
    for _ in 0..<300 {
      var sums = [Double](repeating: pseudoCounts / Double(count), count: count)
      for p in cells {
        let total = zip(weights, p).reduce(0) { $0 + $1.0 * $1.1 }
        guard total > 0 else { continue }
        for member in 0..<count { sums[member] += weights[member] * p[member] / total }
      }
      let all = sums.reduce(0, +)
      weights = sums.map { $0 / all }
    }
    return held(weights)
  }
}
