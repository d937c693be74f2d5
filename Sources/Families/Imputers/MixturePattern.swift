internal import CKernels
internal import Foundation
internal import Modelling

/// What is asked of a cell.
enum CellState: UInt8 {
  /// It is known.
  case given
  /// Its value is wanted.
  case wanted
  /// It is not known, and not wanted.
  case absent
}

/// Which cells of a row are known, and all that follows from that alone: rows of one pattern share it, and a row has the same bits with or without
/// others.
struct MixturePattern: Sendable {
  /// A wanted cell and where its coordinates stand among the missing ones.
  struct Step: Sendable {
    let column: Int
    let places: Range<Int>
    let isNumber: Bool
  }

  /// All coordinates: those of wanted categories in the order of the columns, wanted numbers, absent ones, given ones.
  let order: [UInt32]
  /// Coordinates that are not given.
  let missing: Int
  let steps: [Step]
  /// Wanted columns that always have the same value.
  let constants: [Int]
  /// V of P_mm = V'V of every component of full covariance, [missing, missing], and Σ ln V_ii; nil where its weights are no covariance.
  let roots: [(v: [Double], logRoot: Double)?]
  /// C = (P_mm)⁻¹ of every such component, or its diagonal, as it was asked for.
  let spreads: [[Double]]

  enum Spread {
    case none
    case variances
    case covariances
  }
}

extension MixtureDensity {
  /// - Parameters:
  ///   - states: of every column.
  ///   - spread: what is wanted of how the missing coordinates vary.
  func pattern(_ states: ArraySlice<CellState>, spread: MixturePattern.Spread) -> MixturePattern {
    var (steps, numbers): ([MixturePattern.Step], [(Int, Int)]) = ([], [])
    var (constants, first, absent, given): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
    for (index, column) in coordinates.columns.enumerated() {
      let range =
        switch column {
        case .number(let place, _, _): place..<place + 1
        case .categories(let range, _): range
        }
      let isConstant = isConstant[range.lowerBound]
      switch states[states.startIndex + index] {
      case .wanted where isConstant: constants.append(index)
      case .wanted:
        if case .number(let place, _, _) = column {
          numbers.append((index, place))
        } else {
          steps.append(.init(column: index, places: first.count..<first.count + range.count, isNumber: false))
          first += range
        }
        continue
      case .absent where !isConstant:
        absent += range
        continue
      case .given, .absent: break
      }
      given += range
    }
    for (index, place) in numbers {
      steps.append(.init(column: index, places: first.count..<first.count + 1, isNumber: true))
      first.append(place)
    }
    let missing = first.count + absent.count
    let order = (first + absent + given).map { UInt32($0) }
    var (roots, inverses): ([(v: [Double], logRoot: Double)?], [[Double]]) = ([], [])
    for component in components {
      guard case .full(let precision, _) = component.shape else { continue }
      var (v, logRoot) = ([Double](repeating: 0, count: missing * missing), 0.0)
      let isSound = kernel_gaussian_pattern(precision, order, missing, width, &v, &logRoot) == 1
      roots.append(isSound ? (v, logRoot) : nil)
      guard spread != .none else { continue }
      var scratch = [Double](repeating: 0, count: missing * (missing + 1))
      var inverse = [Double](repeating: 0, count: spread == .variances ? missing : missing * missing)
      if isSound { (spread == .variances ? kernel_lower_variances : kernel_lower_covariance)(v, &inverse, &scratch, missing) }
      inverses.append(inverse)
    }
    return MixturePattern(order: order, missing: missing, steps: steps, constants: constants, roots: roots, spreads: inverses)
  }

  /// What the known cells of one row say of it.
  struct Given {
    /// ln Σ_k π_k p_k(x_o)
    let logEvidence: Double
    /// p(k | x_o)
    let responsibilities: [Double]
    /// E[x_m | x_o] - μ_m of every component of full covariance.
    let shifts: [[Double]]
  }

  /// - Parameter x: coordinates of the row; those that are missing are not looked at.
  func given(_ pattern: MixturePattern, _ x: UnsafePointer<Double>?) -> Given {
    let (d, m) = (width, pattern.missing)
    var (logs, shifts) = ([Double](), [[Double]]())
    guard let x else { preconditionFailure("a row has an address") }
    logs.reserveCapacity(components.count)
    var scratch = [Double](repeating: 0, count: 2 * d)
    for (index, component) in components.enumerated() {
      switch component.shape {
      case .full(let precision, let logRoot):
        var shift = [Double](repeating: 0, count: m)
        guard let root = pattern.roots[index] else {
          logs.append(-.infinity)
          shifts.append(shift)
          continue
        }
        // ln N(x_o) = -½ (|o| ln 2π + ln |Σ_oo| + q)
        let q = kernel_gaussian_given(precision, component.mean, x, pattern.order, m, d, root.v, &shift, &scratch)
        logs.append(component.logWeight + logRoot - root.logRoot - 0.5 * (Double(d - m) * log(2 * Double.pi) + q))
        shifts.append(shift)
      case .independent(let deviations, let logProbabilities):
        var sum = component.logWeight
        for place in pattern.order[m...].map({ Int($0) }) where !isConstant[place] {
          if coordinates.isNumber[place] {
            let z = (x[place] - component.mean[place]) / deviations[place]
            sum -= 0.5 * (z * z + log(2 * Double.pi)) + log(deviations[place])
          } else if x[place] == 1 {
            sum += logProbabilities[place]
          }
        }
        logs.append(sum)
      }
    }
    let largest = logs.max() ?? 0
    guard largest > -.infinity else {
      return Given(logEvidence: -.infinity, responsibilities: logs.map { _ in 1 / Double(logs.count) }, shifts: shifts)
    }
    let weights = logs.map { exp($0 - largest) }
    let total = weights.reduce(0, +)
    return Given(logEvidence: largest + log(total), responsibilities: weights.map { $0 / total }, shifts: shifts)
  }
}

// MARK: - One cell after the other

/// One wanted cell given the known ones and those before it.
enum MixtureLink {
  /// Probabilities of the categories.
  case categories([Double])
  /// A normal in the component's own units.
  case number(mean: Double, deviation: Double)
}

extension MixtureDensity {
  /// No category is less likely than this before they are normalised: a one-hot's conditional mean may be below 0.
  static func floor(categories: Int) -> Double { min(0.005, 0.05 / Double(categories)) }

  static func probabilities(_ means: [Double]) -> [Double] {
    let floor = floor(categories: means.count)
    let held = means.map { $0 > floor ? $0 : floor }
    let sum = held.reduce(0, +)
    return held.map { $0 / sum }
  }

  /// Goes through the wanted cells of a row under one component, in order.
  ///
  /// - Parameter choose: takes a cell's distribution and says its value, a category or a coordinate.
  func walk(_ index: Int, _ pattern: MixturePattern, _ given: Given, _ choose: (MixturePattern.Step, MixtureLink) -> Double) {
    let component = components[index]
    switch component.shape {
    case .independent(let deviations, let logProbabilities):
      for step in pattern.steps {
        let place = Int(pattern.order[step.places.lowerBound])
        if step.isNumber {
          _ = choose(step, .number(mean: component.mean[place], deviation: deviations[place]))
        } else {
          _ = choose(step, .categories((0..<step.places.count).map { exp(logProbabilities[place + $0]) }))
        }
      }
    case .full:
      let (m, shift) = (pattern.missing, given.shifts[index])
      guard m > 0, let root = pattern.roots[index] else { return }
      // How far every coordinate is from E[x_m | x_o].
      var errors = [Double](repeating: 0, count: m)
      root.v.withUnsafeBufferPointer { v in
        errors.withUnsafeMutableBufferPointer { errors in
          guard let v = v.baseAddress, let e = errors.baseAddress else { return }
          // E[x_i | x_o, x_<i] = E[x_i | x_o] - Σ_j<i V_ij e_j / V_ii
          for step in pattern.steps {
            for i in step.places { e[i] = -kernel_double_dot(v + i * m, e, i) / v[i * m + i] }
            let (i, place) = (step.places.lowerBound, Int(pattern.order[step.places.lowerBound]))
            if step.isNumber {
              let mean = component.mean[place] + shift[i] + e[i]
              let value = choose(step, .number(mean: mean, deviation: 1 / v[i * m + i]))
              e[i] += value - mean
            } else {
              let means = step.places.map { component.mean[Int(pattern.order[$0])] + shift[$0] + e[$0] }
              let chosen = Int(choose(step, .categories(Self.probabilities(means))))
              for (category, i) in step.places.enumerated() { e[i] += (category == chosen ? 1 : 0) - means[category] }
            }
          }
        }
      }
    }
  }

  /// A wanted cell given the known ones alone, under one component; the pattern has variances.
  func marginal(_ index: Int, _ pattern: MixturePattern, _ given: Given, _ step: MixturePattern.Step) -> MixtureLink {
    let (component, place) = (components[index], Int(pattern.order[step.places.lowerBound]))
    switch component.shape {
    case .independent(let deviations, let logProbabilities):
      if step.isNumber { return .number(mean: component.mean[place], deviation: deviations[place]) }
      return .categories((0..<step.places.count).map { exp(logProbabilities[place + $0]) })
    case .full:
      let shift = given.shifts[index]
      guard step.isNumber else {
        return .categories(Self.probabilities(step.places.map { component.mean[Int(pattern.order[$0])] + shift[$0] }))
      }
      let i = step.places.lowerBound
      return .number(mean: component.mean[place] + shift[i], deviation: pattern.spreads[index][i].squareRoot())
    }
  }
}
