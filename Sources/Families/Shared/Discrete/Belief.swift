package import Distributions
package import Tensors

/// What is believed of the latent variables of items, a row an item: q(z|x), or a prior that a network makes.
package enum Belief: Sendable {
  case gaussian(Normal)
  /// Draws are one-hot, variables side by side.
  case categorical(Categorical)

  var rows: Int {
    switch self {
    case .gaussian(let q): q.mean.shape[0]
    case .categorical(let q): q.logits.shape[0]
    }
  }

  /// One draw a row: [n, width].
  package func sample(_ keys: RowKeys) -> Tensor {
    switch self {
    case .gaussian(let q): q.sample(keys)
    case .categorical(let q): q.sample(keys).flattened()
    }
  }

  /// ln q(z): [n].
  package func logProbability(of z: Tensor) -> Tensor {
    switch self {
    case .gaussian(let q): q.logProbability(of: z)
    case .categorical(let q): q.logProbability(of: z.reshaped(q.logits.shape))
    }
  }

  /// KL(self ‖ other), in closed form: [n].
  ///
  /// - Precondition: both are of one kind.
  package func divergence(from other: Belief) -> Tensor {
    switch (self, other) {
    case (.gaussian(let q), .gaussian(let p)): return q.divergence(from: p)
    case (.categorical(let q), .categorical(let p)): return q.divergence(from: p)
    case (.gaussian, .categorical), (.categorical, .gaussian): preconditionFailure("a Gaussian beside a categorical belief")
    }
  }
}
