internal import CKernels

/// A counter-based random key: the same key gives the same numbers on every machine, in any order of use, whatever else was drawn.
///
/// Philox4x32-10 (Salmon et al. 2011). Keys are split by purpose and by index instead of being advanced, so there is no generator state.
package struct RandomKey: Hashable, Sendable, Codable {
  package let bits: UInt64

  /// What a key is derived for. It stands where a draw has its row number, far beyond any row, so that no key is ever drawn as a number too.
  private enum Domain: UInt64 {
    case seed = 0x8000_0000_0000_0000
    case purpose
    case index
  }

  package init(seed: UInt64) { self.init(deriving: Self.hash("posterior"), .seed, from: seed) }

  private init(deriving value: UInt64, _ domain: Domain, from parent: UInt64) { bits = kernel_derive_key(parent, value, domain.rawValue) }

  /// A key of its own for a purpose, such as "weights" or "noise".
  package func split(_ purpose: StaticString) -> RandomKey { RandomKey(deriving: Self.hash(purpose), .purpose, from: bits) }

  /// A key of its own for an index, such as an epoch, a step or a layer.
  package func split(_ index: Int) -> RandomKey { RandomKey(deriving: UInt64(bitPattern: Int64(index)), .index, from: bits) }

  /// FNV-1a; only has to keep the purposes of one program apart.
  private static func hash(_ text: StaticString) -> UInt64 {
    text.withUTF8Buffer { bytes in bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 } }
  }
}

// Draws in the shape of a tensor: the first axis numbers the rows, and a row's draws depend on (key, row) alone.
extension RandomKey {
  package func normal(_ shape: Shape) -> Tensor { rows(of: shape).normal(shape.rowWidth).reshaped(shape) }
  package func uniform(_ shape: Shape) -> Tensor { rows(of: shape).uniform(shape.rowWidth).reshaped(shape) }

  private func rows(of shape: Shape) -> RowKeys { RowKeys(self, rows: 0..<(shape.rank == 0 ? 1 : shape[0])) }

  /// 0..<count in a random order (Fisher-Yates with unbiased bounded draws).
  package func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    guard count > 1 else { return order }
    var words = [UInt32](repeating: 0, count: 2 * count)
    kernel_philox(bits, 0, words.count, &words)
    for i in stride(from: count - 1, to: 0, by: -1) {
      // 64 random bits times the bound, high word: the bias is below count / 2^64.
      let draw = UInt64(words[2 * i]) | UInt64(words[2 * i + 1]) << 32
      order.swapAt(i, Int(draw.multipliedFullWidth(by: UInt64(i + 1)).high))
    }
    return order
  }
}

extension Shape {
  fileprivate var rowWidth: Int { dimensions.dropFirst().reduce(1, *) }
}

/// Where each row of a batch draws its random numbers from: rows of different requests stand side by side, each with its own key and row number.
package struct RowKeys: Sendable {
  private struct Run: Sendable {
    var key: RandomKey
    let rows: Range<Int>
  }
  private var runs: [Run]

  package init(_ key: RandomKey, rows: Range<Int>) { runs = [Run(key: key, rows: rows)] }

  private init(runs: [Run]) { self.runs = runs }

  /// The rows of several requests, one after the other.
  package static func joined(_ parts: [RowKeys]) -> RowKeys { RowKeys(runs: parts.flatMap(\.runs)) }

  /// The number of rows.
  package var count: Int { runs.reduce(0) { $0 + $1.rows.count } }

  package func split(_ purpose: StaticString) -> RowKeys { RowKeys(runs: runs.map { Run(key: $0.key.split(purpose), rows: $0.rows) }) }
  package func split(_ index: Int) -> RowKeys { RowKeys(runs: runs.map { Run(key: $0.key.split(index), rows: $0.rows) }) }

  /// Some of the rows, by their place in this batch.
  package func slice(_ range: Range<Int>) -> RowKeys {
    var parts: [Run] = []
    var start = 0
    for run in runs {
      let lower = max(range.lowerBound - start, 0)
      let upper = min(range.upperBound - start, run.rows.count)
      if lower < upper { parts.append(Run(key: run.key, rows: run.rows.lowerBound + lower..<run.rows.lowerBound + upper)) }
      start += run.rows.count
    }
    return RowKeys(runs: parts)
  }

  /// N(0, 1): [count, columns].
  package func normal(_ columns: Int) -> Tensor { filled(columns, kernel_normal) }

  /// Uniform strictly inside (0, 1): [count, columns].
  package func uniform(_ columns: Int) -> Tensor { filled(columns, kernel_uniform) }

  /// Standard Gumbel, -ln(-ln u): [count, columns].
  package func gumbel(_ columns: Int) -> Tensor { -(-uniform(columns).log()).log() }

  /// One draw of Bernoulli(p) a scalar; probabilities: [count, columns].
  package func bernoulli(_ probabilities: Tensor) -> Tensor {
    precondition(probabilities.shape.rank == 2 && probabilities.shape[0] == count, "\(probabilities.shape) beside \(count) rows of keys")
    let u = uniform(probabilities.shape[1])
    return Tensor(shape: probabilities.shape) { y in
      u.withScalars { u in
        probabilities.withScalars { p in
          Parallelism.performParts(probabilities.count) { start, length in for i in start..<start + length { y[i] = u[i] < p[i] ? 1 : 0 } }
        }
      }
    }
  }

  private func filled(_ columns: Int, _ fill: (UInt64, UInt64, Int, UnsafeMutablePointer<Float>?) -> Void) -> Tensor {
    Tensor(shape: [count, columns]) { y in
      var out = y
      for run in runs {
        let first = out
        // A number costs about four element-wise operations.
        Parallelism.performParts(run.rows.count, cost: 4 * columns) { start, length in
          for row in start..<start + length { fill(run.key.bits, UInt64(run.rows.lowerBound + row), columns, first + row * columns) }
        }
        out += run.rows.count * columns
      }
    }
  }
}
