package import Coding
internal import Distributions
internal import Tensors

/// Items of a model one after the other, each by bits back in bins of the prior.
///
/// An item gives bits for the code of the next, so only the first code of a chain costs anything beside its items. Codes are computed for all items
/// together where they are pushed and one by one where they are popped: a row's numbers are those of the row alone.
package struct ItemChain: Codec {
  /// Of the numbers below, which decide the bytes of a stream.
  package static let version: UInt32 = 1
  /// Heads of a message.
  package static let lanes = 8
  private static let binBits = 12
  private static let codePrecision = 20
  /// Of an item's numbers.
  package static let symbolPrecision = 24

  package let model: any Compressing
  package let levels: Levels
  package let count: Int
  private let bins: GaussianBins

  /// - Throws: where the model has no codec.
  package init(_ model: any Compressing, count: Int = 0) throws {
    self.init(model, levels: Levels(try model.levels(), model.signature), count: count, bins: try GaussianBins(bits: Self.binBits))
  }

  private init(_ model: any Compressing, levels: Levels, count: Int, bins: GaussianBins) {
    self.model = model
    self.levels = levels
    self.count = count
    self.bins = bins
  }

  package func of(_ count: Int) -> ItemChain { ItemChain(model, levels: levels, count: count, bins: bins) }

  /// Several times what the first code takes: words that aren't needed are not in the stream.
  package var startingWords: Int { 1024 + model.codeWidth * Self.codePrecision / 8 }

  package func push(_ items: [[Int]], onto message: inout Message) throws(CodingError) {
    guard items.count == count else { throw CodingError(.symbol, "items", given: "\(items.count)", expected: "\(count)") }
    guard count > 0 else { return }
    let codes = model.codes(of: levels.units(items))
    for (place, item) in items.enumerated().reversed() {
      try codec { _ throws(CodingError) in try posterior(codes, row: place) }.push(item, onto: &message)
    }
  }

  package func pop(from message: inout Message) throws(CodingError) -> [[Int]] {
    let codec = try codec { item throws(CodingError) in try posterior(model.codes(of: levels.units([item])), row: 0) }
    var items: [[Int]] = []
    for _ in 0..<count { items.append(try codec.pop(from: &message)) }
    return items
  }

  private func codec(
    posterior: @escaping @Sendable ([Int]) throws(CodingError) -> QuantisedGaussian
  ) throws(CodingError) -> BitsBack<Uniform, SymbolCodec, QuantisedGaussian> {
    BitsBack(
      prior: try bins.prior(model.codeWidth),
      likelihood: { [model, bins] code throws(CodingError) in
        let z = try bins.latents(code, of: .standard(code.count))
        return try model.likelihoods(given: Tensor(shape: [1, z.count], scalars: z))[0]
      }, posterior: posterior)
  }

  private func posterior(_ codes: Distributions.Normal, row: Int) throws(CodingError) -> QuantisedGaussian {
    let width = model.codeWidth
    let posteriors = try Gaussians(
      means: Array(codes.mean.scalars[row * width..<(row + 1) * width]),
      deviations: Array(codes.deviation.scalars[row * width..<(row + 1) * width]))
    return try QuantisedGaussian(
      bins: bins, priors: .standard(width), posteriors: posteriors, support: .likelyBins, precision: Self.codePrecision)
  }
}
