internal import Coding
internal import Distributions
internal import Tensors

/// Items by way of one layer of codes, in bins of its prior.
///
/// Codes are computed for all items together where they are pushed and one by one where they are popped: a row's numbers are those of the row alone.
struct LatentCoder: ItemCoder {
  private static let binBits = 12
  private static let codePrecision = 20

  private let model: any LatentCompressing
  private let levels: Levels
  private let bins: GaussianBins

  init(_ model: any LatentCompressing, _ levels: Levels) throws(CodingError) {
    (self.model, self.levels, bins) = (model, levels, try GaussianBins(bits: Self.binBits))
  }

  /// Several times what the first code takes: words that aren't needed are not in the stream.
  var startingWords: Int { 1024 + model.codeWidth * Self.codePrecision / 8 }

  func push(_ items: [[Int]], onto message: inout Message) throws(CodingError) {
    let codes = model.codes(of: levels.units(items))
    for (place, item) in items.enumerated().reversed() {
      try codec { _ throws(CodingError) in try posterior(codes, row: place) }.push(item, onto: &message)
    }
  }

  func pop(_ count: Int, from message: inout Message) throws(CodingError) -> [[Int]] {
    let codec = try codec { item throws(CodingError) in try posterior(model.codes(of: levels.units([item])), row: 0) }
    var items: [[Int]] = []
    for _ in 0..<count { items.append(try codec.pop(from: &message)) }
    return items
  }

  func bounds(_ items: [[Int]], keys: RowKeys) -> [Double] {
    model.score(levels.units(items), draws: 1, keys: keys)[.elbo].scalars.map(Double.init)
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
