package import Coding
internal import Distributions
package import Tensors

/// Items by way of one layer of categorical codes, every class of which is as likely under the prior.
///
/// The classes are few, so nothing is rounded into bins: bits back costs the negative evidence lower bound of one draw, to the precision of the tables.
/// Logits are computed for all items together where they are pushed and one by one where they are popped: a row's numbers are those of the row alone.
package struct CategoricalCoder: ItemCoder {
  private static let codePrecision = 20

  private let model: any Scoring
  private let levels: Levels
  private let variables: Int
  private let classes: Int
  private let logits: @Sendable (Tensor) -> Tensor
  private let likelihood: @Sendable ([Int]) throws(CodingError) -> SymbolCodec

  /// - Parameters:
  ///   - logits: of q(z|x): [n, width] in model units -> n rows of variables x classes.
  ///   - likelihood: p(x|z) of one item, given the class of every variable.
  package init(
    model: any Scoring, levels: Levels, variables: Int, classes: Int, logits: @escaping @Sendable (Tensor) -> Tensor,
    likelihood: @escaping @Sendable ([Int]) throws(CodingError) -> SymbolCodec
  ) {
    (self.model, self.levels, self.variables, self.classes) = (model, levels, variables, classes)
    (self.logits, self.likelihood) = (logits, likelihood)
  }

  /// Several times what the first code takes: words that aren't needed are not in the stream.
  package var startingWords: Int { 1024 + variables * Self.codePrecision / 8 }

  package func push(_ items: [[Int]], onto message: inout Message) throws(CodingError) {
    let codes = logits(levels.units(items)).scalars
    for (place, item) in items.enumerated().reversed() {
      try codec { _ throws(CodingError) in try posterior(codes, row: place) }.push(item, onto: &message)
    }
  }

  package func pop(_ count: Int, from message: inout Message) throws(CodingError) -> [[Int]] {
    let codec = try codec { item throws(CodingError) in try posterior(logits(levels.units([item])).scalars, row: 0) }
    var items: [[Int]] = []
    for _ in 0..<count { items.append(try codec.pop(from: &message)) }
    return items
  }

  package func bounds(_ items: [[Int]], keys: RowKeys) -> [Double] {
    model.score(levels.units(items), draws: 1, keys: keys)[.elbo].scalars.map(Double.init)
  }

  private func codec(
    posterior: @escaping @Sendable ([Int]) throws(CodingError) -> CategoricalRows
  ) throws(CodingError) -> BitsBack<Uniform, SymbolCodec, CategoricalRows> {
    BitsBack(prior: try Uniform(count: variables, symbols: classes), likelihood: likelihood, posterior: posterior)
  }

  private func posterior(_ logits: [Float], row: Int) throws(CodingError) -> CategoricalRows {
    let width = variables * classes
    return try CategoricalRows(logits: Array(logits[row * width..<(row + 1) * width]), alphabet: classes, precision: Self.codePrecision)
  }
}
