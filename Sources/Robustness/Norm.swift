internal import Modelling

/// How the size of a perturbation is measured.
package enum Norm: String, SettingValue, CaseIterable {
  /// The largest change of a number.
  case linf
  /// The Euclidean length.
  case l2
  /// The sum of all changes.
  case l1

  package func callAsFunction(_ d: [Double]) -> Double {
    d.withUnsafeBufferPointer { buffer in
      guard let d = buffer.baseAddress else { return 0 }
      return length(buffer.count) { SIMDDoubles.load(d, $0, buffer.count) }
    }
  }

  /// The size of n numbers, given from i on; beyond the end they are 0.
  @inline(__always)
  func length(_ n: Int, _ d: (_ i: Int) -> SIMDDoubles.Eight) -> Double {
    switch self {
    case .linf:
      var (largest, i) = (SIMDDoubles.Eight.zero, 0)
      while i < n {
        let size = SIMDDoubles.magnitude(d(i))
        largest = largest.replacing(with: size, where: size .> largest)
        i += 8
      }
      return largest.max()
    case .l2: return SIMDDoubles.sum(n) { d($0) * d($0) }.squareRoot()
    case .l1: return SIMDDoubles.sum(n) { SIMDDoubles.magnitude(d($0)) }
    }
  }

  /// d - length · steepest(gradient)
  func descended(_ d: [Double], along gradient: [Float], by length: Double) -> [Double] {
    guard self == .l2 else { return zip(d, steepest(gradient)).map { $0 - length * $1 } }
    let n = d.count
    return [Double](unsafeUninitializedCapacity: n) { moved, initialized in
      d.withUnsafeBufferPointer { d in
        gradient.withUnsafeBufferPointer { gradient in
          guard let d = d.baseAddress, let gradient = gradient.baseAddress, let moved = moved.baseAddress else { return }
          let size = self.length(n) { SIMDDoubles.load(gradient, $0, n) }
          let factor = size > 0 ? length / size : 0
          SIMDDoubles.fill(moved, n) { SIMDDoubles.load(d, $0, n) - factor * SIMDDoubles.load(gradient, $0, n) }
        }
      }
      initialized = n
    }
  }

  /// The step of length 1 along which a function of this gradient rises fastest; zero where the gradient is.
  ///
  /// Of l1 it is spread evenly over the largest twentieth of the gradient, since one number alone soon meets the box (Tramèr and Boneh 2019, section 4.1).
  package func steepest(_ gradient: [Float]) -> [Double] {
    switch self {
    case .linf: return gradient.map { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
    case .l2:
      let length = self(gradient.map(Double.init))
      return length > 0 ? gradient.map { Double($0) / length } : gradient.map { _ in 0 }
    case .l1:
      let count = max(1, gradient.count / 20)
      let sizes = gradient.map(abs)
      let bound = sizes.sorted(by: >)[count - 1]
      guard bound > 0 || sizes.contains(where: { $0 > 0 }) else { return gradient.map { _ in 0 } }
      let chosen = sizes.map { $0 > 0 && $0 >= bound }
      let share = 1 / Double(chosen.count(where: { $0 }))
      return zip(gradient, chosen).map { $1 ? ($0 > 0 ? share : -share) : 0 }
    }
  }
}
