internal import Foundation
package import Tensors

/// Bytes under a normal density that is taken at the 256 levels alone: p(v) ∝ exp(-(m - t_v)² / w) with t_v = (v - 127.5) / 127.5.
///
/// An event is given in units of 255, numbers of 0, 1/255 ... 1, each taken for the nearest level.
package struct ByteGaussian: Distribution {
  package static let levels = 256
  /// Below it the levels beside the centre have no probability that float32 could tell from 0.
  private static let narrowest: Float = 1e-4

  /// m, black being -1 and white 1: [rows, dimensions].
  package let location: Tensor
  /// w, held at 1e-4 or above: [rows, dimensions].
  package let width: Tensor

  package init(location: Tensor, width: Tensor) {
    precondition(location.shape.rank == 2 && location.shape == width.shape, "widths of shape \(width.shape) beside locations of \(location.shape)")
    self.location = location
    self.width = width.clamped(low: Self.narrowest, high: .greatestFiniteMagnitude)
  }

  /// t_v and t_v² of every level: [256, 2].
  private static let powers = Tensor(
    rows: (0..<levels).map { v in
      let t = (Float(v) - 127.5) / 127.5
      return [t, t * t]
    })

  /// -(m - t_v)² / w = (2 m / w) t_v - t_v² / w - m² / w, the last of which is the same for all levels: [numbers, 256] of the numbers in a range.
  private func logits(_ numbers: Range<Int>) -> Tensor {
    let count = location.count
    func column(_ x: Tensor) -> Tensor { (numbers == 0..<count ? x.reshaped([count, 1]) : x.reshaped([count, 1]).slice(0, numbers)) }
    let (m, inverse) = (column(location), column(width).reciprocal())
    return Tensor.concatenated([2 * (m * inverse), -inverse], axis: 1).linear(weight: Self.powers, bias: nil)
  }

  private var logPartition: Tensor { logits(0..<location.count).logSumExp().reshaped(location.shape) }

  package func logProbability(of x: Tensor) -> Tensor { logProbabilities(of: x).rowSums() }

  /// ln p of every number: [rows, dimensions].
  private func logProbabilities(of x: Tensor) -> Tensor {
    precondition(x.shape == location.shape, "an observation \(x.shape) beside parameters \(location.shape)")
    let t = Tensor(shape: x.shape, scalars: x.scalars.map { 2 * ((min(max($0, 0), 1) * 255).rounded() / 255) - 1 })
    let inverse = width.reciprocal()
    return (2 * (location * inverse)) * t - inverse * t.squared() - logPartition
  }

  // MARK: What takes the probabilities of every level, some numbers at a time

  /// Numbers whose levels are in memory at once.
  private static let block = 8192

  /// Something of the probabilities of the levels of every number: [rows, dimensions].
  private func reduced(_ body: (_ probabilities: UnsafeBufferPointer<Float>, _ number: Int) -> Float) -> Tensor {
    let detached = ByteGaussian(location: location.detached, width: width.detached)
    return Tensor(shape: location.shape) { y in
      for start in stride(from: 0, to: location.count, by: Self.block) {
        let numbers = start..<min(start + Self.block, location.count)
        detached.logits(numbers).softmax().withScalars { p in
          for number in numbers {
            y[number] = body(UnsafeBufferPointer(start: p + (number - start) * Self.levels, count: Self.levels), number)
          }
        }
      }
    }
  }

  /// Carries no gradient.
  package var mean: Tensor { reduced { p, _ in Self.moments(p).mean } }

  /// Carries no gradient.
  package var variance: Tensor { reduced { p, _ in Self.moments(p).variance } }

  private static func moments(_ p: UnsafeBufferPointer<Float>) -> (mean: Float, variance: Float) {
    var (sum, square) = (0.0, 0.0)
    for v in 0..<levels {
      let level = Double(v) / 255
      sum += Double(p[v]) * level
      square += Double(p[v]) * level * level
    }
    return (Float(sum), Float(max(square - sum * sum, 0)))
  }

  /// By the inverse of the distribution function; carries no gradient.
  package func sample(_ keys: RowKeys) -> Tensor {
    precondition(keys.count == location.shape[0], "\(keys.count) keys for \(location.shape[0]) rows")
    return keys.uniform(location.shape[1]).withScalars { u in
      reduced { p, number in
        var (below, v) = (p[0], 0)
        while v < Self.levels - 1, below <= u[number] {
          v += 1
          below += p[v]
        }
        return Float(v) / 255
      }
    }
  }
}

extension ByteGaussian: Factorised {
  package func logProbability(of x: Tensor, weights: Tensor) -> Tensor { logProbabilities(of: x).rowDots(weights) }
}
