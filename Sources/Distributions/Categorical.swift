package import Tensors

/// A choice of one of k categories, or of several independent such choices a row.
///
/// Shapes are those of the logits: [rows, k], or [rows, variables, k]. Events are one-hot along the last axis.
package struct Categorical: Divergent {
  /// Unnormalised log-probabilities, finite: [rows, k] or [rows, variables, k].
  package let logits: Tensor

  package init(logits: Tensor) {
    precondition(logits.shape.rank == 2 || logits.shape.rank == 3, "logits of shape \(logits.shape) are neither [rows, k] nor [rows, variables, k]")
    precondition(logits.shape[-1] > 0, "a choice of one of no categories: logits of shape \(logits.shape)")
    self.logits = logits
  }

  /// Normalised along the last axis.
  package var probabilities: Tensor { logits.softmax() }
  package var logProbabilities: Tensor { logits.logSoftmax() }

  /// The expected one-hot vector: the probabilities.
  package var mean: Tensor { probabilities }

  /// The chosen categories, row after row, by Gumbel-max: argmax(logits + g) is category i with probability softmax(logits)[i].
  ///
  /// g comes from 23 random bits: a category less likely than about 1e-8 of the likeliest is never drawn.
  package func sampleIndices(_ keys: RowKeys) -> [Int] {
    let perturbed = logits.detached + gumbelNoise(keys, shape: logits.shape)
    return perturbed.reshaped([choices, logits.shape[-1]]).argmaxRows()
  }

  /// One-hot vectors in the shape of the logits.
  package func sample(_ keys: RowKeys) -> Tensor { Self.oneHot(sampleIndices(keys), shape: logits.shape) }

  /// x is one-hot, or holds probabilities: the result is then minus the cross-entropy.
  package func logProbability(of x: Tensor) -> Tensor {
    precondition(x.shape == logits.shape, "an observation \(x.shape) beside logits \(logits.shape)")
    // Σ_i x_i ln p_i
    return (x * logProbabilities).flattened().rowSums()
  }

  /// `indices` are categories, row after row and variable after variable: -> [rows].
  package func logProbability(ofIndices indices: [Int]) -> Tensor {
    let k = logits.shape[-1]
    precondition(indices.count == choices, "\(indices.count) categories for \(choices) choices")
    precondition(indices.allSatisfy { $0 >= 0 && $0 < k }, "a category outside 0..<\(k)")
    let chosen = logProbabilities.reshaped([logits.count]).gather(indices.enumerated().map { $0.offset * k + $0.element })
    return chosen.reshaped([logits.shape[0], logits.shape.rank == 3 ? logits.shape[1] : 1]).rowSums()
  }

  package func divergence(from other: Categorical) -> Tensor {
    // Σ_i p_i (ln p_i - ln q_i)
    (probabilities * (logProbabilities - other.logProbabilities)).flattened().rowSums()
  }

  /// -Σ_i p_i ln p_i of every row: [rows], in nats.
  package var entropy: Tensor { -(probabilities * logProbabilities).flattened().rowSums() }

  /// A one in every choice's category, in the given shape, whose last axis is the categories.
  package static func oneHot(_ indices: [Int], shape: Shape) -> Tensor {
    let k = shape[-1]
    precondition(indices.count * k == shape.count && indices.allSatisfy { $0 >= 0 && $0 < k }, "\(indices.count) categories in a shape \(shape)")
    return Tensor(shape: shape) { y in
      y.update(repeating: 0, count: shape.count)
      for (choice, index) in indices.enumerated() { y[choice * k + index] = 1 }
    }
  }

  private var choices: Int { logits.count / logits.shape[-1] }
}

/// Standard Gumbel noise, one row a key, in a shape whose first axis is the rows.
func gumbelNoise(_ keys: RowKeys, shape: Shape) -> Tensor {
  precondition(keys.count == shape[0], "\(keys.count) keys for \(shape[0]) rows")
  return keys.gumbel(shape.dimensions.dropFirst().reduce(1, *)).reshaped(shape)
}
