internal import CKernels
internal import Foundation
internal import Modelling
internal import Tensors

/// A mixture in double precision: p(x_m | x_o) of any coordinates.
struct MixtureDensity: Sendable {
  struct Component: Sendable {
    let logWeight: Double
    /// [d]
    let mean: [Double]
    let shape: Shape

    enum Shape: Sendable {
      /// P, and Σ ln V_ii = -½ ln |Σ|.
      case full(precision: [Double], logRoot: Double)
      /// σ of numbers, ln θ of categories: [d]
      case independent(deviations: [Double], logProbabilities: [Double])
    }
  }

  let coordinates: MixtureCoordinates
  let components: [Component]
  /// Of every number; empty where they stand for themselves.
  let maps: [QuantileMap]
  /// Whether a coordinate keeps its value: [d]
  let isConstant: [Bool]

  var width: Int { coordinates.width }

  init(_ plan: Mixture.Plan, _ network: Mixture.Network) {
    let (coordinates, configuration) = (plan.coordinates, plan.configuration)
    let (k, d) = (configuration.components, coordinates.width)
    let logits = network.logits.scalars.map(Double.init)
    let largest = logits.max() ?? 0
    let logSum = largest + log(logits.reduce(0) { $0 + exp($1 - largest) })
    let means = network.means.scalars.map(Double.init)
    let deviations = network.logDeviations?.scalars.map { exp(Self.held($0)) } ?? []
    isConstant = network.constants.scalars.map { $0 > 0.5 }
    components = (0..<k).map { component in
      let part = component * d..<(component + 1) * d
      let shape: Component.Shape =
        switch configuration.kind {
        case .gaussian, .normalScores: Self.full(network.roots?.scalars ?? [], component, d)
        case .factors:
          Self.lowRank(network.loadings?.scalars ?? [], component, factors: configuration.factors, deviations: Array(deviations[part]))
        case .categorical: Self.independent(coordinates, means: means[part], deviations: deviations[part])
        }
      return Component(logWeight: logits[component] - logSum, mean: Array(means[part]), shape: shape)
    }
    self.coordinates = coordinates
    guard let quantiles = network.quantiles, configuration.kind == .normalScores else {
      maps = []
      return
    }
    let (scores, knots) = (QuantileMap.scores(knots: configuration.knots), configuration.knots)
    maps = coordinates.numbers.indices.map { number in
      QuantileMap(scores: scores, values: quantiles.scalars[number * knots..<(number + 1) * knots].map(Double.init))
    }
  }

  /// A logarithm from a file, held where its power is a number to compute with.
  private static func held(_ logarithm: Float) -> Double { min(max(Double(logarithm), -20), 20) }

  /// P = V'V
  private static func full(_ roots: [Float], _ component: Int, _ d: Int) -> Component.Shape {
    var v = [Double](repeating: 0, count: d * d)
    var (place, logRoot) = (component * d * (d + 1) / 2, 0.0)
    for i in 0..<d {
      for j in 0..<i { v[i * d + j] = Double(roots[place + j]) }
      let logarithm = held(roots[place + i])
      v[i * d + i] = exp(logarithm)
      logRoot += logarithm
      place += i + 1
    }
    var precision = [Double](repeating: 0, count: d * d)
    kernel_lower_gram(v, &precision, d)
    return .full(precision: precision, logRoot: logRoot)
  }

  /// P = D⁻¹ - D⁻¹ Λ M⁻¹ Λ' D⁻¹ with M = I + Λ' D⁻¹ Λ, and ln |Σ| = ln |D| + ln |M|.
  private static func lowRank(_ loadings: [Float], _ component: Int, factors q: Int, deviations: [Double]) -> Component.Shape {
    let (d, start) = (deviations.count, component * deviations.count * q)
    // The rows of D^-½ Λ.
    let scaled = (0..<d * q).map { Double(loadings[start + $0]) / deviations[$0 / q] }
    var m = [Double](repeating: 0, count: q * q)
    for i in 0..<q { m[i * q + i] = 1 }
    for j in 0..<d { for a in 0..<q { for b in 0..<q { m[a * q + b] += scaled[j * q + a] * scaled[j * q + b] } } }
    // M is no smaller than I, unless a file's numbers are beyond all bounds: then no pattern has a root either.
    guard kernel_lower_root(&m, q) == 1 else { return .full(precision: [Double](repeating: 0, count: d * d), logRoot: 0) }
    var (inverse, scratch) = ([Double](repeating: 0, count: q * q), [Double](repeating: 0, count: q * (q + 1)))
    kernel_lower_covariance(m, &inverse, &scratch, q)
    var precision = [Double](repeating: 0, count: d * d)
    var row = [Double](repeating: 0, count: q)
    for i in 0..<d {
      for a in 0..<q { row[a] = (0..<q).reduce(0) { $0 + scaled[i * q + $1] * inverse[$1 * q + a] } }
      for j in 0...i {
        var value = i == j ? 1.0 : 0
        for a in 0..<q { value -= row[a] * scaled[j * q + a] }
        value /= deviations[i] * deviations[j]
        (precision[i * d + j], precision[j * d + i]) = (value, value)
      }
    }
    let logRoot = -(0..<q).reduce(0) { $0 + log(m[$1 * q + $1]) } - deviations.reduce(0) { $0 + log($1) }
    return .full(precision: precision, logRoot: logRoot)
  }

  private static func independent(_ coordinates: MixtureCoordinates, means: ArraySlice<Double>, deviations: ArraySlice<Double>) -> Component.Shape {
    var logProbabilities = [Double](repeating: 0, count: means.count)
    for case .categories(let range, _) in coordinates.columns {
      let logits = range.map { means[means.startIndex + $0] }
      let largest = logits.max() ?? 0
      let logSum = largest + log(logits.reduce(0) { $0 + exp($1 - largest) })
      for (place, logit) in zip(range, logits) { logProbabilities[place] = logit - logSum }
    }
    return .independent(deviations: Array(deviations), logProbabilities: logProbabilities)
  }

  /// Coordinates of rows as the components have them: normal scores where there are maps, constants in their place; x: [n, columns] in model units.
  func coordinates(of x: Tensor) -> [Double] {
    var values = coordinates.coordinates(of: x)
    let d = width
    for row in 0..<x.shape[0] {
      for (number, place) in coordinates.numbers.enumerated() where !maps.isEmpty && !values[row * d + place].isNaN {
        values[row * d + place] = maps[number].score(values[row * d + place])
      }
      for place in 0..<d where isConstant[place] { values[row * d + place] = components[0].mean[place] }
    }
    return values
  }
}
