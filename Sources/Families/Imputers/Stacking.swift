internal import Foundation
package import Modelling
package import Networks
package import Tensors

/// Several models of one table in one file, combined by weights: stacking (Wolpert 1992; of predictive distributions Yao et al. 2018).
///
/// A category's probabilities are Σ_m w_m p_m(cell | x_o); a number's distribution is the members' own, moved to their weighted mean and width and stretched
/// as hidden cells ask for (`PooledBeliefs`), by weights of their own. A draw is one member's, chosen by its weight for the whole row, so that
/// cells that are missing together are drawn together; several numbers at once are drawn, and scored, by members that know how they hang together,
/// which latent classes do only as far as there are many of them.
///
/// With bootstraps the copies of all members are fits to the same samples of rows, and a draw is of one fit of each for all rows: parameters differ
/// between draws, as much as the table leaves them open (Rubin 1987).
package struct Stacking: ModelFamily {
  package static let name = "stacking"
  package static let summary =
    "Weighted combination of models that impute, in one file: mixtures of several kinds and, where it helps, a VAEAC; the weights come from hidden cells."
  package static let purpose = FamilyPurpose(
    .imputation, choose: "first for a table with holes: it weighs several models by what they get right of hidden cells")

  package struct Network: Module {
    /// Copy by copy of every member.
    var members: [[StackedModel.Network]]
    /// Sum to 1: [members].
    package var numberWeights: Tensor
    package var categoryWeights: Tensor
    /// How distances from the weighted mean are stretched, the factor's logarithm and the bend: [columns, 2].
    package var stretches: Tensor
    /// How far cells that were hidden from the members were from what the combination filled in, and from the mean or commonest category; a number's
    /// root mean squared error in model units, a category's share of errors; and how many cells that is of: [columns, 3].
    package var errors: Tensor

    package static let fields: [Field<Self>] = [
      .child("members", \.members), .buffer("number_weights", \.numberWeights), .buffer("category_weights", \.categoryWeights),
      .buffer("stretches", \.stretches), .buffer("errors", \.errors),
    ]
  }

  package let configuration: Configuration
  package let signature: Signature
  var members: [[StackedModel]]
  private var numberWeights: Tensor
  private var categoryWeights: Tensor
  private var stretches: Tensor
  private var errors: Tensor

  package var network: Network {
    get {
      Network(
        members: members.map { $0.map(\.network) }, numberWeights: numberWeights, categoryWeights: categoryWeights, stretches: stretches,
        errors: errors)
    }
    set {
      for (index, copies) in newValue.members.enumerated() { for (copy, network) in copies.enumerated() { members[index][copy].network = network } }
      (numberWeights, categoryWeights) = (newValue.numberWeights, newValue.categoryWeights)
      (stretches, errors) = (newValue.stretches, newValue.errors)
    }
  }

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    try configuration.validate()
    try signature.check()
    guard signature.space.isRow else {
      throw Fault(field: "signature.kind", given: signature.space.kind.rawValue, expected: "a table or vectors")
    }
    (self.configuration, self.signature) = (configuration.completed(for: signature), signature)
    members = []
    for (index, member) in self.configuration.members.enumerated() {
      let fits = self.configuration.fits(of: member)
      do throws(Fault) {
        members.append(try (0..<fits).map { (copy) throws(Fault) in try StackedModel(member, signature, source[index][copy]) })
      } catch { throw error.inside("members[\(index)]") }
    }
    numberWeights = source.tensor([members.count], .constant(1 / Float(members.count)))
    categoryWeights = numberWeights
    stretches = source.tensor([signature.width, 2], .constant(0))
    errors = source.tensor([signature.width, 3], .constant(0))
  }

  /// Some members of another combination.
  init(_ other: Stacking, keeping kept: [Int]) {
    func picked(_ weights: Tensor) -> Tensor { Tensor(kept.map { weights.scalars[$0] }) }
    configuration = Configuration(
      members: kept.map { other.configuration.members[$0] }, network: other.configuration.network, bootstraps: other.configuration.bootstraps)
    (signature, members, stretches, errors) = (other.signature, kept.map { other.members[$0] }, other.stretches, other.errors)
    (numberWeights, categoryWeights) = (picked(other.numberWeights), picked(other.categoryWeights))
  }

  /// What the hidden cells of training said of every column: nil where none of it was hidden.
  package var hiddenErrors: [(error: Float, baseline: Float, cells: Int)?] {
    (0..<signature.width).map { column in
      let row = errors.scalars[(3 * column)..<(3 * column + 3)]
      return row[3 * column + 2] > 0 ? (row[3 * column], row[3 * column + 1], Int(row[3 * column + 2])) : nil
    }
  }
}

// MARK: - Weights

extension Stacking {
  /// Weights as they are used: none below 0, their sum 1.
  private static func normalised(_ tensor: Tensor) -> [Double] {
    let held = tensor.scalars.map { max(Double($0), 0) }
    let sum = held.reduce(0, +)
    return sum > 0 ? held.map { $0 / sum } : held.map { _ in 1 / Double(held.count) }
  }

  struct Weights {
    let numbers: [Double]
    let categories: [Double]

    /// Whether a member knows how numbers hang together beyond its components.
    let isJoint: [Bool]

    /// Of a row of which so many numbers and categories are asked for, together: several numbers are left to members that are joint, if there are
    /// any.
    func of(numbers numberCount: Int, categories categoryCount: Int) -> [Double] {
      let mixed =
        switch (numberCount > 0, categoryCount > 0) {
        case (true, false): numbers
        case (false, true): categories
        case (true, true), (false, false): zip(numbers, categories).map { 0.5 * ($0 + $1) }
        }
      guard numberCount > 1 else { return mixed }
      let joint = zip(mixed, isJoint).map { $1 ? $0 : 0 }
      let sum = joint.reduce(0, +)
      return sum > 0 ? joint.map { $0 / sum } : mixed
    }
  }

  private var stretch: [Stretch] {
    let values = stretches.scalars
    // A file may hold anything.
    return (0..<signature.width).map {
      Stretch(factor: exp(min(max(Double(values[2 * $0]), -3), 3)), bend: min(max(Double(values[2 * $0 + 1]), 0), 1))
    }
  }

  var weights: Weights {
    Weights(
      numbers: Self.normalised(numberWeights), categories: Self.normalised(categoryWeights), isJoint: members.map { $0.first?.isJoint ?? false })
  }

  /// Which columns are numbers.
  var isNumber: [Bool] { (0..<signature.width).map { !signature.space.type(at: $0).isDiscrete } }

  /// The weights of every row, given which of its cells are asked for.
  func rowWeights(of asked: (Int, Int) -> Bool, rows: Int) -> [[Double]] {
    let (weights, isNumber) = (weights, isNumber)
    return (0..<rows).map { row in
      var (numbers, categories) = (0, 0)
      for column in isNumber.indices where asked(row, column) { if isNumber[column] { numbers += 1 } else { categories += 1 } }
      return weights.of(numbers: numbers, categories: categories)
    }
  }
}

// MARK: - What it can do

extension Stacking: CellBelieving {
  package func impute(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts) -> Imputation {
    beliefs(x, draws: max(draws, 1), keys: keys, wanted: wanted).imputation(of: x, MixtureCoordinates(signature), wanted: wanted)
  }

  func beliefs(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts) -> CellBeliefs {
    let bootstraps = configuration.bootstraps
    guard bootstraps > 0, draws > 0, wanted.contains(.draws) else { return combination(x, draws: draws, keys: keys, wanted: wanted) }
    var drawn = [Tensor](repeating: x, count: draws)
    for fit in 0..<min(bootstraps, draws) {
      // A combination by itself: what the other fits say moves none of its means.
      var alone = self
      alone.members = members.map { [$0[fit]] }
      let own = Array(stride(from: fit, to: draws, by: bootstraps))
      let found = alone.combination(x, draws: own.count, keys: keys.split("bootstrap").split(fit), wanted: .draws)
      for (draw, values) in zip(own, found.draws) { drawn[draw] = values }
    }
    let rest = wanted.subtracting(.draws)
    return CellBeliefs(columns: rest.isEmpty ? [] : combination(x, draws: 0, keys: keys, wanted: rest).columns, draws: drawn)
  }

  /// Of all members and copies together.
  private func combination(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts) -> CellBeliefs {
    let (n, width) = (x.shape[0], signature.width)
    // A draw is moved by what is believed.
    let parts = parts(x, draws: draws, keys: keys, wanted: wanted.union(.marginals))
    let columns = parts.pooled(x)
    guard wanted.contains(.draws) else { return CellBeliefs(columns: columns, draws: []) }
    let chosen = chosen(rowWeights(of: { x.scalars[$0 * width + $1].isNaN }, rows: n), draws: draws, keys)
    let drawn = chosen.enumerated().map { draw, chosen -> Tensor in
      var values = [Float](repeating: 0, count: n * width)
      for (row, choice) in chosen.enumerated() {
        guard let place = parts.places[choice.member][choice.copy] else { preconditionFailure("a member without weight is never chosen") }
        let own = parts.beliefs[place].draws[draw]
        for (column, belief) in columns.enumerated() where x.scalars[row * width + column].isNaN {
          let value = own.scalars[row * width + column]
          values[row * width + column] =
            if case .combined(let pool) = belief { pool.moved(value, of: place, row) } else { value }
        }
      }
      return Tensor(shape: x.shape, scalars: values)
    }
    return CellBeliefs(columns: columns, draws: drawn)
  }

  /// What every member that has a weight says of the missing cells.
  private func parts(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts) -> Parts {
    let weights = weights
    var parts = Parts(model: self, stretches: stretch, places: members.map { $0.map { _ in nil } })
    for (index, copies) in members.enumerated() where weights.numbers[index] > 0 || weights.categories[index] > 0 {
      let share = 1 / Double(copies.count)
      for (copy, model) in copies.enumerated() {
        parts.places[index][copy] = parts.beliefs.count
        parts.weights.append((weights.numbers[index] * share, weights.categories[index] * share))
        parts.beliefs.append(model.beliefs(x, draws: draws, keys: keys.split("member").split(index).split(copy), wanted: wanted))
      }
    }
    return parts
  }

  /// The member and copy of every draw and row.
  private func chosen(_ weights: [[Double]], draws: Int, _ keys: RowKeys) -> [[(member: Int, copy: Int)]] {
    (0..<draws).map { draw in
      let u = keys.split("member").split(draw).uniform(2).scalars
      return weights.enumerated().map { row, weights in
        let member = CellBeliefs.category(weights, at: Double(u[2 * row]))
        return (member, min(Int(u[2 * row + 1] * Float(members[member].count)), members[member].count - 1))
      }
    }
  }
}

extension Stacking: ConditionalScoring {
  /// A bound where a member only has one.
  package var scoreTerms: [Scores.Term] { [members.joined().allSatisfy(\.isExact) ? .exact : Scores.Term("bound_nats", .lowerBound)] }

  package var observationModel: String {
    let described = members.compactMap(\.first).map { model in
      switch model {
      case .mixture(let model): model.observationModel
      case .vaeac(let model): model.observationModel
      }
    }
    var seen: Set<String> = []
    return "weighted combination of: " + described.filter { seen.insert($0).inserted }.joined(separator: "; or: ")
  }

  /// ln Σ_m w_m p_m(targets | given), every member's numbers but counts moved as draws are.
  package func score(_ x: Tensor, targets: Tensor, draws: Int, estimator: ConditionalEstimator, keys: RowKeys) -> Scores {
    let (n, width) = (x.shape[0], signature.width)
    func isTarget(_ row: Int, _ column: Int) -> Bool { targets.scalars[row * width + column] != 0 && !x.scalars[row * width + column].isNaN }
    let weights = rowWeights(of: isTarget, rows: n)
    let asked = (0..<n * width).map { isTarget($0 / width, $0 % width) }
    let given = Tensor(shape: x.shape, scalars: asked.indices.map { asked[$0] ? .nan : x.scalars[$0] })
    let parts = parts(given, draws: 0, keys: keys, wanted: .marginals)
    let columns = parts.pooled(given)
    let volumes = signature.space.logVolumes(x).scalars
    var scores = [(largest: Double, sum: Double)](repeating: (-.infinity, 0), count: n)
    for (index, copies) in members.enumerated() where weights.contains(where: { $0[index] > 0 }) {
      for (copy, model) in copies.enumerated() {
        guard let place = parts.places[index][copy] else { continue }
        // What the member has to say of each value, and by how much its volume differs from the value's.
        var (taken, corrections) = (x.scalars, [Double](repeating: 0, count: n))
        for (column, belief) in columns.enumerated() {
          guard case .combined(let pool) = belief, pool.isMoved else { continue }
          for row in 0..<n where asked[row * width + column] {
            taken[row * width + column] = pool.taken(x.scalars[row * width + column], by: place, row)
            corrections[row] += pool.logSlope(x.scalars[row * width + column], of: place, row)
          }
        }
        let moved = Tensor(shape: x.shape, scalars: taken)
        let own = model.score(moved, targets: targets, draws: draws, estimator: estimator, keys: keys.split("member").split(index).split(copy))
          .scalars
        for (cell, volume) in signature.space.logVolumes(moved).scalars.enumerated() where asked[cell] {
          corrections[cell / width] += Double(volume) - Double(volumes[cell])
        }
        for row in 0..<n where weights[row][index] > 0 {
          let value = Double(own[row]) + corrections[row] + log(weights[row][index] / Double(copies.count))
          let largest = max(scores[row].largest, value)
          guard largest > -.infinity else { continue }
          scores[row] = (largest, scores[row].sum * exp(scores[row].largest - largest) + exp(value - largest))
        }
      }
    }
    return Scores([(scoreTerms[0], Tensor(shape: [n], scalars: scores.map { Float($0.largest + log($0.sum)) }))])
  }
}

/// What members say of the same cells.
private struct Parts {
  let model: Stacking
  let stretches: [Stretch]
  /// Where a member's copy stands below, if it has a weight.
  var places: [[Int?]]
  var weights: [(numbers: Double, categories: Double)] = []
  var beliefs: [CellBeliefs] = []

  /// One belief a column.
  func pooled(_ x: Tensor) -> [CellBeliefs.Column] {
    let (n, width) = (x.shape[0], x.shape[1])
    return MixtureCoordinates(model.signature).columns.enumerated().map { index, column in
      switch column {
      case .number(_, _, let unit):
        let parts = zip(weights, beliefs).map { (weight: $0.numbers, $1.columns[index]) }
        return .combined(PooledBeliefs(parts, unit, stretches[index], rows: n) { x.scalars[$0 * width + index].isNaN })
      case .categories(let range, let isOrdered):
        var sum = [Double](repeating: 0, count: n * range.count)
        for (part, belief) in zip(weights, beliefs) where part.categories > 0 {
          guard case .categories(let own, _) = belief.columns[index] else { preconditionFailure("categories have probabilities") }
          for (place, p) in own.enumerated() { sum[place] += part.categories * p }
        }
        return .categories(sum, isOrdered: isOrdered)
      }
    }
  }
}

extension Stacking: Sampling {
  /// A row of which nothing is known, as its member has it: what hidden cells said of given others does not count here.
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    guard options.given == .nothing else {
      throw Fault(field: "given", given: "a condition", expected: "nothing: this family has no classes or clusters")
    }
    let (n, width) = (keys.count, signature.width)
    let holes = Tensor.full([n, width], .nan)
    let chosen = chosen(rowWeights(of: { _, _ in true }, rows: n), draws: 1, keys)[0]
    var rows = [Float](repeating: 0, count: n * width)
    for (index, copies) in members.enumerated() {
      for (copy, model) in copies.enumerated() where chosen.contains(where: { $0 == (index, copy) }) {
        let own = keys.split("member").split(index).split(copy)
        let values =
          switch model {
          case .mixture(let model): try model.sample(own, options)
          case .vaeac(let model):
            options.mean
              ? model.impute(holes, draws: 1, keys: own, wanted: .point).point : model.impute(holes, draws: 1, keys: own, wanted: .draws).draws[0]
          }
        for row in 0..<n where chosen[row] == (index, copy) {
          for cell in (row * width)..<((row + 1) * width) { rows[cell] = values.scalars[cell] }
        }
      }
    }
    return Tensor(shape: [n, width], scalars: rows)
  }
}
