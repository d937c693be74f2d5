internal import CKernels
internal import Distributions
internal import Foundation
internal import Modelling
internal import Tensors

/// Where expectation maximisation begins: moments of all rows, then k-means on rows filled in by one normal distribution.
struct MixtureStart {
  let family: Mixture
  let shrinkage: Double
  let prior: ParameterPrior
  /// Quantiles and constants, which do not change any more; the parameters are those of a fresh model.
  private let network: Mixture.Network
  /// Rows that the components' places are found from.
  private let sample: Tensor
  private var plan: Mixture.Plan { family.plan }

  private static let block = 1024
  private static let mostRows = 2000
  /// Rows that quantiles are taken of.
  private static let mostQuantileRows = 20_000
  /// Coordinates up to which rows are filled in by conditional means; with more by the mean.
  private static let mostFilled = 64
  private static let fillIterations = 20
  private static let lloydRounds = 5

  init(_ family: Mixture, _ data: TrainingData, shrinkage: Double, key: RandomKey) {
    var own = family
    if family.configuration.kind == .normalScores { own.network.quantiles = Self.quantiles(family.plan, data) }
    let moments = Moments(own, data)
    let isFull = family.configuration.isFull
    let constants = family.plan.coordinates.constants(moments.isConstant, categories: isFull)
    own.network.constants = Tensor(constants.map { $0 ? 1 : 0 })
    let d = family.plan.coordinates.width
    // A fresh model's constants stand where they will stay.
    own.network.means = Tensor(
      shape: own.network.means.shape,
      scalars: own.network.means.scalars.enumerated().map { constants[$0 % d] ? Float(moments.means[$0 % d]) : $1 })
    let variances = Tensor(moments.variances.map { Float($0) })
    self.shrinkage = shrinkage
    prior = ParameterPrior(centre: Tensor(moments.means.map { Float($0) }), variances: variances, within: variances)
    sample = data[key.permutation(data.count).prefix(Self.mostRows).sorted()]
    (self.family, network) = (own, own.network)
  }

  /// Quantiles of the known numbers of rows that stand equally far from each other.
  private static func quantiles(_ plan: Mixture.Plan, _ data: TrainingData) -> Tensor {
    let step = max(1, (data.count + mostQuantileRows - 1) / mostQuantileRows)
    var values = [[Double]](repeating: [], count: plan.coordinates.numbers.count)
    let rows = Array(stride(from: 0, to: data.count, by: step))
    for start in stride(from: 0, to: rows.count, by: block) {
      let some = Array(rows[start..<min(start + block, rows.count)])
      let coordinates = plan.coordinates.coordinates(of: data[some])
      for row in some.indices {
        for (number, place) in plan.coordinates.numbers.enumerated() {
          let value = coordinates[row * plan.coordinates.width + place]
          if !value.isNaN { values[number].append(value) }
        }
      }
    }
    let scores = QuantileMap.scores(knots: plan.configuration.knots)
    let maps = values.map { $0.isEmpty ? QuantileMap(scores: scores, values: scores) : QuantileMap(scores: scores, sample: $0.sorted()) }
    return Tensor(shape: [values.count, plan.configuration.knots], scalars: maps.flatMap { $0.values.map { Float($0) } })
  }

  /// A network for every restart, and the prior that they share.
  func begin(restarts: Int, key: RandomKey) throws -> (networks: [Mixture.Network], prior: ParameterPrior) {
    let (k, d) = (plan.configuration.components, plan.coordinates.width)
    let variances = prior.variances.scalars.map(Double.init)
    let isFull = plan.configuration.kind == .gaussian || plan.configuration.kind == .normalScores
    func diagonal(_ values: [Double]) -> [Double] { (0..<d * d).map { $0 / d == $0 % d ? values[$0 / d] : 0 } }
    guard k > 1 else {
      let whole = isFull ? ParameterPrior(centre: prior.centre, variances: prior.variances, within: square(diagonal(variances))) : prior
      let networks = try (0..<restarts).map { restart in
        try network(means: prior.centre.scalars.map(Double.init), covariance: isFull ? diagonal(variances) : [], variances, key.split(restart))
      }
      return (networks, whole)
    }
    let filled = try fill(diagonal(variances))
    let starts = (0..<restarts).map { restart -> (means: [Double], within: [Double]) in
      clusters(filled, key: key.split("k-means").split(restart))
    }
    // One prior for all, so that their posteriors can be compared.
    let within = starts[0].within
    let own = ParameterPrior(
      centre: prior.centre, variances: prior.variances,
      within: isFull ? square(within) : Tensor((0..<d).map { Float(within[$0 * d + $0]) }))
    let deviations = (0..<d).map { within[$0 * d + $0] }
    return (try starts.enumerated().map { try network(means: $1.means, covariance: isFull ? within : [], deviations, key.split($0)) }, own)
  }

  private func square(_ values: [Double]) -> Tensor {
    Tensor(shape: [plan.coordinates.width, plan.coordinates.width], scalars: values.map { Float($0) })
  }

  private func network(means: [Double], covariance: [Double], _ variances: [Double], _ key: RandomKey) throws -> Mixture.Network {
    let (k, d) = (plan.configuration.components, plan.coordinates.width)
    var network = network
    let constants = network.constants.scalars.map { $0 > 0.5 }
    network.logits = .zeros([k])
    var own = (0..<k * d).map { means[$0 % means.count] }
    if plan.configuration.kind == .categorical {
      // Shares among the categories as logits, the rarest held above what a row could say.
      for index in own.indices where !plan.coordinates.isNumber[index % d] { own[index] = log(max(own[index], 0) + 0.05) }
    }
    network.means = Tensor(shape: [k, d], scalars: own.map { Float($0) })
    switch plan.configuration.kind {
    case .gaussian, .normalScores:
      let ridged = (0..<d * d).map { place -> Double in
        let (i, j) = (place / d, place % d)
        if constants[i] || constants[j] { return i == j ? 1 : 0 }
        return covariance[place] + (i == j ? 1e-3 : 0)
      }
      let root = try ParameterPrior.packedRoot(ridged, d)
      network.roots = Tensor(shape: [k, root.count], scalars: (0..<k).flatMap { _ in root })
    case .categorical, .factors:
      let logs = variances.map { Float(0.5 * log($0 + 1e-3)) }
      network.logDeviations = Tensor(shape: [k, d], scalars: (0..<k).flatMap { _ in logs })
    }
    if plan.configuration.kind == .factors {
      let q = plan.configuration.factors
      let noise = key.split("loadings").normal([k, d, q]).scalars
      network.loadings = Tensor(
        shape: [k, d, q],
        scalars: noise.enumerated().map { index, value in
          let place = index / q % d
          return constants[place] ? 0 : value * Float(0.5 * variances[place].squareRoot())
        })
    }
    return network
  }

  /// Rows without holes, and Σ of what is not known of them: E[x_m | x_o] under one normal, or the means where there are many coordinates.
  private func fill(_ covariance: [Double]) throws -> (rows: [Double], spread: [Double]) {
    let (n, d) = (sample.shape[0], plan.coordinates.width)
    let centre = prior.centre.scalars.map(Double.init)
    var values = family.density.coordinates(of: sample)
    guard d <= Self.mostFilled else {
      for place in values.indices where values[place].isNaN { values[place] = centre[place % d] }
      return (values, [Double](repeating: 0, count: d * d))
    }
    var model = try Self.single(family)
    let one = ParameterPrior(centre: prior.centre, variances: prior.variances, within: square(covariance))
    model.network.means = prior.centre.reshaped([1, d])
    let start = (0..<d * d).map { covariance[$0] + ($0 / d == $0 % d ? 1e-3 : 0) }
    model.network.roots = Tensor(shape: [1, d * (d + 1) / 2], scalars: try ParameterPrior.packedRoot(start, d))
    for _ in 0..<Self.fillIterations {
      var statistics = MixtureStatistics(model.plan)
      _ = try statistics.add(sample, model)
      model.network = try one.network(statistics, before: model.network, model.plan, shrinkage: 3)
    }
    var spread = [Double](repeating: 0, count: d * d)
    let states = RowStates(knownOf: sample)
    var shared: MixturePattern?
    for (row, isNew) in states.inTurn {
      if isNew { shared = model.density.pattern(states[row], spread: .covariances) }
      guard let pattern = shared else { continue }
      let given = values.withUnsafeBufferPointer { model.density.given(pattern, $0.baseAddress.map { $0 + row * d }) }
      for i in 0..<pattern.missing {
        let place = Int(pattern.order[i])
        values[row * d + place] = model.density.components[0].mean[place] + given.shifts[0][i]
      }
      kernel_gaussian_add_covariance(1, pattern.spreads[0], pattern.order, pattern.missing, d, &spread)
    }
    return (values, spread.map { $0 / Double(n) })
  }

  /// One normal over the same coordinates.
  private static func single(_ family: Mixture) throws(Fault) -> Mixture {
    let kind: Mixture.Configuration.Kind = family.configuration.kind == .normalScores ? .normalScores : .gaussian
    let configuration = Mixture.Configuration(kind, components: 1, knots: family.configuration.knots)
    var model = try Mixture(configuration, signature: family.signature, key: RandomKey(seed: 0))
    (model.network.quantiles, model.network.constants) = (family.network.quantiles, family.network.constants)
    return model
  }

  /// Means of clusters of filled rows, and the covariance within them: [k · d], [d · d].
  private func clusters(_ filled: (rows: [Double], spread: [Double]), key: RandomKey) -> (means: [Double], within: [Double]) {
    let (k, n, d) = (plan.configuration.components, sample.shape[0], plan.coordinates.width)
    let points = Tensor(shape: [n, d], scalars: filled.rows.map { Float($0) })
    let found = KMeans(points, clusters: k, restarts: 1, iterations: Self.lloydRounds, key: key)
    var means = found.centres.scalars.map(Double.init)
    for place in means.indices where network.constants.scalars[place % d] > 0.5 { means[place] = Double(prior.centre.scalars[place % d]) }
    var within = filled.spread.map { $0 }
    var error = [Double](repeating: 0, count: d)
    for row in 0..<n {
      for j in 0..<d { error[j] = filled.rows[row * d + j] - means[found.assignments[row] * d + j] }
      for i in 0..<d {
        within.withUnsafeMutableBufferPointer { within in kernel_double_add(error[i] / Double(n), error, within.baseAddress.map { $0 + i * d }, i + 1)
        }
      }
    }
    for i in 0..<d { for j in 0..<i { within[j * d + i] = within[i * d + j] } }
    return (means, within)
  }
}

/// Means and variances of every coordinate over the rows that have it.
private struct Moments {
  var means: [Double]
  var variances: [Double]
  var isConstant: [Bool]

  init(_ family: Mixture, _ data: TrainingData) {
    let d = family.plan.coordinates.width
    var (counts, sums, squares) = ([Double](repeating: 0, count: d), [Double](repeating: 0, count: d), [Double](repeating: 0, count: d))
    var (least, most) = ([Double](repeating: .infinity, count: d), [Double](repeating: -.infinity, count: d))
    for start in stride(from: 0, to: data.count, by: 1024) {
      let values = family.density.coordinates(of: data[Array(start..<min(start + 1024, data.count))])
      for (index, value) in values.enumerated() where !value.isNaN {
        let place = index % d
        counts[place] += 1
        sums[place] += value
        squares[place] += value * value
        (least[place], most[place]) = (min(least[place], value), max(most[place], value))
      }
    }
    means = (0..<d).map { least[$0] == most[$0] ? least[$0] : sums[$0] / max(counts[$0], 1) }
    let centres = means
    // Of standardised numbers nothing is lost to the difference; a column without a value is as wide as others.
    variances = (0..<d).map { counts[$0] == 0 ? 1 : max(squares[$0] / counts[$0] - centres[$0] * centres[$0], 0) }
    isConstant = (0..<d).map { counts[$0] > 0 && least[$0] == most[$0] }
  }
}

extension MixtureCoordinates {
  /// Numbers that are constant, and columns of categories of which every row has the same one.
  fileprivate func constants(_ isConstant: [Bool], categories: Bool) -> [Bool] {
    var constants = [Bool](repeating: false, count: width)
    for column in columns {
      switch column {
      case .number(let place, _, _): constants[place] = isConstant[place]
      case .categories(let range, _):
        let all = categories && range.allSatisfy { isConstant[$0] }
        for place in range { constants[place] = all }
      }
    }
    return constants
  }
}
