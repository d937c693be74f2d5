package import Distributions
package import Tensors

/// What a layer of latent variables makes of items: a row an item.
package enum Code: Sendable {
  /// q(z|x), a diagonal Gaussian: [n, width].
  case gaussian(Normal)
  /// One of several choices at every place; `codes` are the likeliest: [n, places] whole numbers, and [n, places, choices] that sum to 1.
  case categorical(codes: Tensor, probabilities: Tensor)
  /// One of several choices at every place, as of maps with too many places for a probability of each choice: [n, places] whole numbers.
  case codes(Tensor, choices: Int)
  /// Values without a distribution: [n, width].
  case point(Tensor)

  /// What kind of code a layer has, and of how many numbers.
  package enum Form: Sendable, Hashable {
    case gaussian(width: Int)
    case categorical(places: Int, choices: Int)
    case codes(places: Int, choices: Int)
    case point(width: Int)

    /// Numbers of an item's code, as `Code.parts` has them.
    package var count: Int {
      switch self {
      case .gaussian(let width): 2 * width
      case .categorical(let places, let choices): places * (1 + choices)
      case .codes(let places, _): places
      case .point(let width): width
      }
    }

    package var name: String {
      switch self {
      case .gaussian: "gaussian"
      case .categorical: "categorical"
      case .codes: "codes"
      case .point: "point"
      }
    }

    package var isGaussian: Bool { if case .gaussian = self { true } else { false } }
    package var isCategorical: Bool { if case .categorical = self { true } else { false } }

    /// Of how many every place is one; nil of numbers on a scale.
    package var choices: Int? {
      switch self {
      case .gaussian, .point: nil
      case .categorical(_, let choices), .codes(_, let choices): choices
      }
    }
  }

  package var form: Form {
    switch self {
    case .gaussian(let q): .gaussian(width: q.mean.shape[1])
    case .categorical(let codes, let probabilities): .categorical(places: codes.shape[1], choices: probabilities.shape[2])
    case .codes(let codes, let choices): .codes(places: codes.shape[1], choices: choices)
    case .point(let values): .point(width: values.shape[1])
    }
  }

  /// All of its numbers, [n, ...] each: mean and deviation; codes, then the choices' probabilities place by place; values.
  package var parts: [Tensor] {
    switch self {
    case .gaussian(let q): [q.mean, q.deviation]
    case .categorical(let codes, let probabilities):
      [codes, probabilities.reshaped([codes.shape[0], probabilities.shape[1] * probabilities.shape[2]])]
    case .codes(let codes, _): [codes]
    case .point(let values): [values]
    }
  }

  /// The distribution of a Gaussian code; nil for other kinds.
  package var normal: Normal? { if case .gaussian(let q) = self { q } else { nil } }
}
