internal import CKernels
internal import Foundation

/// The E-step over rows, to the same bits as `MixturePattern` and `MixtureDensity.given`: the mixture's numbers and room for one pattern and one row
/// stand in one allocation, so that a pass of expectation maximisation allocates nothing a row.
final class MixtureExpectation {
  private let density: MixtureDensity
  /// Coordinates and components.
  private let (d, k): (Int, Int)
  private let isFull: Bool

  private let isConstant: UnsafeMutablePointer<Bool>
  private let isNumber: UnsafeMutablePointer<Bool>
  private let numbers: UnsafeMutablePointer<Double>
  private typealias Numbers = UnsafeMutablePointer<Double>
  // The mixture: [k], [k, d], and of full covariance [k, d, d] and [k]; of independent columns σ, ln σ and ln θ, [k, d] each.
  private let (logWeights, means): (Numbers, Numbers)
  private let (precisions, logRoots): (Numbers, Numbers)
  private let (deviations, logDeviations, logProbabilities): (Numbers, Numbers, Numbers)
  // A pattern: V of P_mm of every component, [k, d, d] at most, Σ ln V_ii or NaN where there is no V, and Σ r over its rows, whose covariances are
  // the same; C of one component.
  private let (roots, rootLogs, weights, spread): (Numbers, Numbers, Numbers, Numbers)
  // A row: ln of every component's share, and E[x_m | x_o] - μ_m, [k, d].
  private let (logs, shifts, scratch): (Numbers, Numbers, Numbers)

  /// Coordinates that are missing, then those that are known; the number of the former.
  private let order: UnsafeMutablePointer<UInt32>
  private var missing = 0

  /// Components of less responsibility for a row learn nothing from it.
  private static let least = 1e-12

  init(_ density: MixtureDensity) {
    self.density = density
    let (d, k) = (density.width, density.components.count)
    var isFull = false
    if case .full? = density.components.first?.shape { isFull = true }
    let (square, row) = (isFull ? k * d * d : 0, k * d)
    let sizes = [k, row, square, k, row, row, row, square, k, k, isFull ? d * d : 0, k, row, d * (d + 2)]
    numbers = .allocate(capacity: sizes.reduce(0, +))
    numbers.initialize(repeating: 0, count: sizes.reduce(0, +))
    var parts: [Numbers] = [numbers]
    for size in sizes.dropLast() { parts.append(parts[parts.count - 1] + size) }
    (logWeights, means, precisions, logRoots) = (parts[0], parts[1], parts[2], parts[3])
    (deviations, logDeviations, logProbabilities) = (parts[4], parts[5], parts[6])
    (roots, rootLogs, weights, spread) = (parts[7], parts[8], parts[9], parts[10])
    (logs, shifts, scratch) = (parts[11], parts[12], parts[13])
    (self.d, self.k, self.isFull) = (d, k, isFull)
    order = .allocate(capacity: d)
    order.initialize(repeating: 0, count: d)
    isConstant = .allocate(capacity: d)
    isNumber = .allocate(capacity: d)
    for place in 0..<d {
      (isConstant + place).initialize(to: density.isConstant[place])
      (isNumber + place).initialize(to: density.coordinates.isNumber[place])
    }
    for (index, component) in density.components.enumerated() {
      logWeights[index] = component.logWeight
      for place in 0..<d { means[index * d + place] = component.mean[place] }
      switch component.shape {
      case .full(let precision, let logRoot):
        for place in 0..<d * d { precisions[index * d * d + place] = precision[place] }
        logRoots[index] = logRoot
      case .independent(let own, let probabilities):
        for place in 0..<d {
          (deviations[index * d + place], logDeviations[index * d + place]) = (own[place], log(own[place]))
          logProbabilities[index * d + place] = probabilities[place]
        }
      }
    }
  }

  deinit {
    numbers.deallocate()
    order.deallocate()
    isConstant.deallocate()
    isNumber.deallocate()
  }

  /// Adds rows to the sums of every component; their Σ ln p(x_o).
  ///
  /// - Parameters:
  ///   - values: coordinates, [rows, d].
  ///   - rows: all of them, those of one pattern one after the other.
  ///   - sums: see `MixtureStatistics`.
  func add(_ values: [Double], _ states: RowStates, to sums: inout [[Double]]) -> Double {
    var likelihood = 0.0
    values.withUnsafeBufferPointer { values in
      guard let values = values.baseAddress else { return }
      for (row, isNew) in states.inTurn {
        if isNew {
          close(&sums)
          open(states[row])
        }
        likelihood += add(values + row * d, to: &sums)
      }
    }
    close(&sums)
    return likelihood
  }

  // MARK: - A pattern

  private func open(_ states: ArraySlice<CellState>) {
    missing = 0
    for index in 0..<k { weights[index] = 0 }
    var known = d
    // From the back, so that what is known ends there, and again from the front.
    for (index, column) in density.coordinates.columns.enumerated().reversed() where !isOpen(column, states[states.startIndex + index]) {
      for place in Self.places(column).reversed() {
        known -= 1
        order[known] = UInt32(place)
      }
    }
    for (index, column) in density.coordinates.columns.enumerated() where isOpen(column, states[states.startIndex + index]) {
      for place in Self.places(column) {
        order[missing] = UInt32(place)
        missing += 1
      }
    }
    guard isFull else { return }
    for index in 0..<k {
      let square = d * d * index
      if kernel_gaussian_pattern(precisions + square, order, missing, d, roots + square, rootLogs + index) == 0 { rootLogs[index] = .nan }
    }
  }

  private func isOpen(_ column: MixtureCoordinates.Column, _ state: CellState) -> Bool {
    state != .given && !isConstant[Self.places(column).lowerBound]
  }

  private static func places(_ column: MixtureCoordinates.Column) -> Range<Int> {
    switch column {
    case .number(let place, _, _): place..<place + 1
    case .categories(let range, _): range
    }
  }

  private func close(_ sums: inout [[Double]]) {
    guard isFull else { return }
    for index in 0..<k where weights[index] > 0 && missing > 0 {
      kernel_lower_covariance(roots + index * d * d, spread, scratch, missing)
      sums[index].withUnsafeMutableBufferPointer { sums in
        guard let sums = sums.baseAddress else { return }
        kernel_gaussian_add_covariance(weights[index], spread, order, missing, d, sums + 1 + d)
      }
    }
  }

  // MARK: - A row

  /// ln p(x_o)
  private func add(_ x: UnsafePointer<Double>, to sums: inout [[Double]]) -> Double {
    for index in 0..<k { logs[index] = isFull ? fullLog(index, x) : independentLog(index, x) }
    let largest = (0..<k).reduce(-Double.infinity) { max($0, logs[$1]) }
    guard largest > -.infinity else { return largest }
    var total = 0.0
    for index in 0..<k {
      logs[index] = exp(logs[index] - largest)
      total += logs[index]
    }
    for index in 0..<k {
      let r = logs[index] / total
      guard r > Self.least else { continue }
      weights[index] += r
      sums[index].withUnsafeMutableBufferPointer { sums in
        guard let sums = sums.baseAddress else { return }
        sums[0] += r
        if isFull {
          kernel_gaussian_add(r, means + index * d, x, order, missing, d, shifts + index * d, sums + 1, sums + 1 + d, scratch)
        } else {
          addIndependent(index, r, x, to: sums)
        }
      }
    }
    return largest + log(total)
  }

  /// ln N(x_o) = -½ (|o| ln 2π + ln |Σ_oo| + q)
  private func fullLog(_ index: Int, _ x: UnsafePointer<Double>) -> Double {
    let shift = shifts + index * d
    guard !rootLogs[index].isNaN else { return -.infinity }
    let q = kernel_gaussian_given(
      precisions + index * d * d, means + index * d, x, order, missing, d, roots + index * d * d, shift, scratch)
    return logWeights[index] + logRoots[index] - rootLogs[index] - 0.5 * (Double(d - missing) * log(2 * Double.pi) + q)
  }

  private func independentLog(_ index: Int, _ x: UnsafePointer<Double>) -> Double {
    var sum = logWeights[index]
    for place in (missing..<d).lazy.map({ Int(self.order[$0]) }) where !isConstant[place] {
      if isNumber[place] {
        let z = (x[place] - means[index * d + place]) / deviations[index * d + place]
        sum -= 0.5 * (z * z + log(2 * Double.pi)) + logDeviations[index * d + place]
      } else if x[place] == 1 {
        sum += logProbabilities[index * d + place]
      }
    }
    return sum
  }

  private func addIndependent(_ index: Int, _ r: Double, _ x: UnsafePointer<Double>, to sums: UnsafeMutablePointer<Double>) {
    for place in (missing..<d).lazy.map({ Int(self.order[$0]) }) {
      let own = sums + 1 + 3 * place
      let value = isNumber[place] ? x[place] - means[index * d + place] : x[place]
      own[0] += r
      own[1] += r * value
      own[2] += r * value * value
    }
  }
}
