internal import Foundation
package import Modelling
package import Networks
package import Tensors

/// Several models of one table in one file, combined by weights: stacking (Wolpert 1992; of predictive distributions Yao et al. 2018).
///
/// A cell's distribution is Σ_m w_m p_m(cell | x_o), with weights of numbers and weights of categories. A draw is one member's, chosen by its weight
/// for the whole row, so that cells that are missing together are drawn together; several numbers at once are drawn, and scored, by members that know
/// how they hang together, which latent classes do only as far as there are many of them.
package struct Stacking: ModelFamily {
  package static let name = "stacking"
  package static let summary =
    "Weighted combination of models that impute, in one file: mixtures of several kinds and, where it helps, a VAEAC; the weights come from hidden cells."

  package struct Network: Module {
    /// Copy by copy of every member.
    var members: [[StackedModel.Network]]
    /// Sum to 1: [members].
    package var numberWeights: Tensor
    package var categoryWeights: Tensor
    /// How far cells that were hidden from the members were from what the combination filled in, and from the mean or commonest category; a number's
    /// root mean squared error in model units, a category's share of errors; and how many cells that is of: [columns, 3].
    package var errors: Tensor

    package static let fields: [Field<Self>] = [
      .child("members", \.members), .buffer("number_weights", \.numberWeights), .buffer("category_weights", \.categoryWeights),
      .buffer("errors", \.errors),
    ]
  }

  package let configuration: Configuration
  package let signature: Signature
  var members: [[StackedModel]]
  private var numberWeights: Tensor
  private var categoryWeights: Tensor
  private var errors: Tensor

  package var network: Network {
    get {
      Network(members: members.map { $0.map(\.network) }, numberWeights: numberWeights, categoryWeights: categoryWeights, errors: errors)
    }
    set {
      for (index, copies) in newValue.members.enumerated() { for (copy, network) in copies.enumerated() { members[index][copy].network = network } }
      (numberWeights, categoryWeights, errors) = (newValue.numberWeights, newValue.categoryWeights, newValue.errors)
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
      do throws(Fault) {
        members.append(try (0..<member.copies).map { (copy) throws(Fault) in try StackedModel(member, signature, source[index][copy]) })
      } catch { throw error.inside("members[\(index)]") }
    }
    numberWeights = source.tensor([members.count], .constant(1 / Float(members.count)))
    categoryWeights = numberWeights
    errors = source.tensor([signature.width, 3], .constant(0))
  }

  /// Some members of another combination.
  init(_ other: Stacking, keeping kept: [Int]) {
    func picked(_ weights: Tensor) -> Tensor { Tensor(kept.map { weights.scalars[$0] }) }
    configuration = Configuration(members: kept.map { other.configuration.members[$0] }, network: other.configuration.network)
    (signature, members, errors) = (other.signature, kept.map { other.members[$0] }, other.errors)
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
  package func impute(_ x: Tensor, draws: Int, keys: RowKeys) -> Imputation {
    beliefs(x, draws: max(draws, 1), keys: keys).imputation(of: x, MixtureCoordinates(signature))
  }

  func beliefs(_ x: Tensor, draws: Int, keys: RowKeys) -> CellBeliefs {
    let (n, width, weights) = (x.shape[0], signature.width, weights)
    let chosen = chosen(rowWeights(of: { x.scalars[$0 * width + $1].isNaN }, rows: n), draws: draws, keys)
    var (parts, drawn): ([(numbers: Double, categories: Double, CellBeliefs)], [[Float]]) = ([], [])
    drawn = [[Float]](repeating: [Float](repeating: 0, count: n * width), count: draws)
    for (index, copies) in members.enumerated() where weights.numbers[index] > 0 || weights.categories[index] > 0 {
      for (copy, model) in copies.enumerated() {
        let found = model.beliefs(x, draws: draws, keys: keys.split("member").split(index).split(copy))
        let share = 1 / Double(copies.count)
        parts.append((weights.numbers[index] * share, weights.categories[index] * share, found))
        for draw in 0..<draws {
          found.draws[draw].withScalars { values in
            for row in 0..<n where chosen[draw][row] == (index, copy) {
              for cell in (row * width)..<((row + 1) * width) { drawn[draw][cell] = values[cell] }
            }
          }
        }
      }
    }
    let columns = MixtureCoordinates(signature).columns.enumerated().map { index, column -> CellBeliefs.Column in
      switch column {
      case .number(_, _, let unit): return .combined(parts.filter { $0.numbers > 0 }.map { ($0.numbers, $0.2.columns[index]) }, unit)
      case .categories(let range, let isOrdered):
        var sum = [Double](repeating: 0, count: n * range.count)
        for part in parts where part.categories > 0 {
          guard case .categories(let own, _) = part.2.columns[index] else { preconditionFailure("categories have probabilities") }
          for (place, p) in own.enumerated() { sum[place] += part.categories * p }
        }
        return .categories(sum, isOrdered: isOrdered)
      }
    }
    return CellBeliefs(columns: columns, draws: drawn.map { Tensor(shape: x.shape, scalars: $0) })
  }

  /// The member and copy of every draw and row.
  private func chosen(_ weights: [[Double]], draws: Int, _ keys: RowKeys) -> [[(Int, Int)]] {
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

  /// ln Σ_m w_m p_m(targets | given).
  package func score(_ x: Tensor, targets: Tensor, draws: Int, estimator: ConditionalEstimator, keys: RowKeys) -> Scores {
    let (n, width) = (x.shape[0], signature.width)
    let weights = rowWeights(of: { targets.scalars[$0 * width + $1] != 0 && !x.scalars[$0 * width + $1].isNaN }, rows: n)
    var scores = [(largest: Double, sum: Double)](repeating: (-.infinity, 0), count: n)
    for (index, copies) in members.enumerated() where weights.contains(where: { $0[index] > 0 }) {
      for (copy, model) in copies.enumerated() {
        let own = model.score(x, targets: targets, draws: draws, estimator: estimator, keys: keys.split("member").split(index).split(copy)).scalars
        for row in 0..<n where weights[row][index] > 0 {
          let value = Double(own[row]) + log(weights[row][index] / Double(copies.count))
          let largest = max(scores[row].largest, value)
          guard largest > -.infinity else { continue }
          scores[row] = (largest, scores[row].sum * exp(scores[row].largest - largest) + exp(value - largest))
        }
      }
    }
    return Scores([(scoreTerms[0], Tensor(shape: [n], scalars: scores.map { Float($0.largest + log($0.sum)) }))])
  }
}

extension Stacking: Sampling {
  /// A row of which nothing is known.
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
          case .vaeac(let model): options.mean ? model.impute(holes, draws: 1, keys: own).point : model.impute(holes, draws: 1, keys: own).draws[0]
          }
        for row in 0..<n where chosen[row] == (index, copy) {
          for cell in (row * width)..<((row + 1) * width) { rows[cell] = values.scalars[cell] }
        }
      }
    }
    return Tensor(shape: [n, width], scalars: rows)
  }
}
