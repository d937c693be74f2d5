package import Tensors

/// Fills in what is missing, by draws from p(missing | observed).
package protocol Imputing: ModelFamily {
  /// `draws` latent draws of every row; x: [n, width] in model units, NaN where a number is missing.
  ///
  /// - Parameter wanted: what somebody reads. No number that is wanted depends on what else is.
  func impute(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts) -> Imputation
}

extension Imputing {
  package func impute(_ x: Tensor, draws: Int, keys: RowKeys) -> Imputation { impute(x, draws: draws, keys: keys, wanted: .all) }
}

/// Fills in by several levels of latent variables, some of which may be held at what is expected of them.
package protocol HierarchicalImputing: Imputing {
  var imputationLevels: Int { get }
  func impute(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts, by choice: LevelChoice) -> Imputation
}

extension HierarchicalImputing {
  package func impute(_ x: Tensor, draws: Int, keys: RowKeys, wanted: Imputation.Parts) -> Imputation {
    impute(x, draws: draws, keys: keys, wanted: wanted, by: LevelChoice())
  }
}

/// What is drawn of an imputation by levels.
package struct LevelChoice: Sendable, Hashable {
  /// The levels that are drawn, 0 being nearest the data; the others are the means of their priors. nil: all.
  package var sampled: Set<Int>?
  /// Whether a draw of z has the mean of p(x|z) for pixels, in place of a draw of them.
  package var meanPixels: Bool

  package init(sampled: Set<Int>? = nil, meanPixels: Bool = false) { (self.sampled, self.meanPixels) = (sampled, meanPixels) }

  package func samples(_ level: Int) -> Bool { sampled?.contains(level) ?? true }
}

/// What a model believes of the missing numbers, and draws from it; nothing here knows the observed numbers' raw form.
package struct Imputation: Sendable {
  /// What can be asked for by itself, since each takes time.
  package struct Parts: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let draws = Parts(rawValue: 1)
    package static let point = Parts(rawValue: 2)
    package static let marginals = Parts(rawValue: 4)
    package static let all: Parts = [.draws, .point, .marginals]
  }

  /// One set of values a draw, each sampled: [n, width] in model units; none where they are not wanted. Only missing entries mean anything.
  package let draws: [Tensor]
  /// The values of least expected error: the mean of a number, the likeliest of categories, the median of ordered ones: [n, width] in model units; without
  /// numbers where they are not wanted.
  package let point: Tensor
  /// One entry a column of a table or vector; one for all pixels of an image; none where they are not wanted.
  package let marginals: [Marginal]

  /// The distribution of one column, or of all pixels, given the observed ones, averaged over the latent draws, a row an item.
  package enum Marginal: Sendable {
    /// Model units: mean, deviation, and the quantiles at 5 % and 95 %: [n, 4].
    case real(Tensor)
    /// The same in raw units, where these are more than model units scaled: of a positive number or a count.
    case raw(Tensor)
    /// Probabilities of the categories: [n, categories].
    case categorical(Tensor)
    /// Means and deviations of every number of an image in model units: [n, width] each.
    case pixels(mean: Tensor, deviation: Tensor)

    package var values: Tensor {
      switch self {
      case .real(let values), .raw(let values), .categorical(let values): values
      case .pixels(let mean, let deviation): Tensor.concatenated([mean, deviation], axis: 1)
      }
    }
  }

  package init(draws: [Tensor], point: Tensor, marginals: [Marginal]) {
    self.draws = draws
    self.point = point
    self.marginals = marginals
  }
}
