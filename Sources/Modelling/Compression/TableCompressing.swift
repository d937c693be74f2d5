package import Coding
package import Distributions
package import Tensors

/// Codes the rows of tables without loss, with bits back.
package protocol TableCompressing: ModelFamily {
  /// - Throws: where the prior or the likelihood of this model has no codec.
  func rowCoding() throws(Fault) -> any RowCoding

  /// Why no model of this configuration has a codec for rows; nil where its models do.
  static func lackOfRowCodecs(in configuration: Configuration) -> Fault?
}

extension TableCompressing {
  package static func lackOfRowCodecs(in configuration: Configuration) -> Fault? { nil }
}

/// What bits back needs to know of a row x: p(z) and q(z|x), both diagonal Gaussians, and p(x|z), under which the cells are independent.
///
/// Every function gives a row the same bits alone and among others.
package protocol RowCoding: Sendable {
  /// p(z): [1, width]
  var prior: Normal { get }

  /// q(z|x) of rows in model units, NaN where a cell is missing: [n, columns] -> [n, width]
  func posterior(of x: Tensor) -> Normal

  /// p(x|z), a row a row and a column a column; z: [n, width]
  func cells(given z: Tensor) throws(CodingError) -> [[CellDistribution]]
}

/// Of one cell.
package enum CellDistribution: Sendable {
  /// In model units, which are logarithms of positive columns.
  case normal(mean: Float, deviation: Float)
  /// Negative binomial of the raw count, of variance mean + mean² / dispersion.
  case count(mean: Float, dispersion: Float)
  /// Softmax over the categories.
  case category(logits: [Float])
}
