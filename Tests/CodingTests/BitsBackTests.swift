import Coding
import Foundation
import Testing

@Suite struct BitsBackTests {
  /// p(y) over 4 codes, p(s|y) over 8 items, both in units of 2^-12.
  private struct Toy {
    let prior: [Int]
    let likelihood: [[Int]]

    init(_ random: inout SplitMix) {
      func frequencies(_ count: Int) -> [Int] {
        var cuts: Set<Int> = [0, 4096]
        while cuts.count < count + 1 { cuts.insert(.random(in: 1..<4096, using: &random)) }
        let sorted = cuts.sorted()
        return zip(sorted, sorted.dropFirst()).map { $1 - $0 }
      }
      prior = frequencies(4)
      likelihood = (0..<4).map { _ in frequencies(8) }
    }

    func joint(_ code: Int, _ item: Int) -> Double { Double(prior[code]) * Double(likelihood[code][item]) * 0x1p-24 }
    func evidence(_ item: Int) -> Double { (0..<4).reduce(0) { $0 + joint($1, item) } }

    func codec() throws -> BitsBack<Categorical, Categorical, Categorical> {
      let likelihoods = try likelihood.map { try Categorical(count: 1, table: FrequencyTable(frequencies: $0)) }
      let posteriors = try (0..<8).map { item in
        try Categorical(count: 1, table: FrequencyTable(probabilities: (0..<4).map { Float(joint($0, item)) }))
      }
      return BitsBack(
        prior: try Categorical(count: 1, table: FrequencyTable(frequencies: prior)), likelihood: { likelihoods[$0[0]] },
        posterior: { posteriors[$0[0]] })
    }
  }

  @Test("With the exact posterior an item costs the logarithm of its evidence, whatever code it goes by")
  func exactPosterior() throws {
    var random = SplitMix(state: 31)
    let toy = Toy(&random)
    let codec = try toy.codec()
    let items = random.integers(20_000, below: 8)
    try checkCodec(codec, items.prefix(300).map { [$0] })
    for form in [Message.Form.single, .lanes(1)] {
      let start = try Message(form, startingWords: 20, key: 1)
      var message = start
      for item in items { try codec.push([item], onto: &message) }
      let ideal = items.reduce(0) { $0 - log2(toy.evidence($1)) }
      #expect(abs(message.bits - start.bits - ideal) < 1e-3 * ideal)
      for item in items.reversed() { #expect(try codec.pop(from: &message) == [item]) }
      #expect(message == start)
    }
  }

  @Test("Too few starting words are told before a bit is made up")
  func startingBits() throws {
    let codec = try gaussian(codes: 40, posterior: Gaussians(means: [Float](repeating: 0, count: 40), deviations: [Float](repeating: 0.1, count: 40)))
    var message = try Message(.single)
    #expect(failure { () throws(CodingError) in try codec.push([1], onto: &message) }?.reason == .exhausted)
    message = try Message(.single, startingWords: 20, key: 1)
    try codec.push([1], onto: &message)
  }

  /// A model whose items don't look at their codes.
  private func gaussian(codes: Int, posterior: Gaussians) throws -> BitsBack<Uniform, Bernoulli, QuantisedGaussian> {
    let bins = try GaussianBins(bits: 8)
    let likelihood = try Bernoulli(logits: [1])
    let codec = try QuantisedGaussian(bins: bins, priors: .standard(codes), posteriors: posterior, support: .likelyBins, precision: 14)
    return BitsBack(prior: try bins.prior(codes), likelihood: { _ in likelihood }, posterior: { _ in codec })
  }

  @Test("A posterior that is the prior gets back just the bits that it took")
  func bookkeeping() throws {
    let codec = try gaussian(codes: 40, posterior: .standard(40))
    let start = try Message(.single, startingWords: 50, key: 2)
    var message = start
    var ideal = 0.0
    for step in 0..<1000 {
      try codec.push([step % 3 == 0 ? 0 : 1], onto: &message)
      ideal -= log2(Oracle.logistic(step % 3 == 0 ? -1 : 1))
    }
    #expect(abs(message.bits - start.bits - ideal) < 1e-3 * ideal)
  }

  @Test("Items through a hierarchy of codes come back, and so does the message")
  func hierarchy() throws {
    var random = SplitMix(state: 32)
    let items = (0..<40).map { _ in random.integers(LinearHierarchy.pixels, below: 256) }
    for layers in [0, 1, 2, 5] {
      let codec = HierarchicalBitsBack(LinearHierarchy(layers: layers, width: 6, posteriorIsPrior: false), bins: try GaussianBins(bits: 10))
      try checkCodec(
        codec, Array(items.prefix(layers == 5 ? 40 : 5)), on: [.single, .lanes(6), .lanes(LinearHierarchy.pixels + 6)], readsAnything: layers == 0)
    }
  }

  @Test("A hierarchy whose posteriors are its priors costs what its likelihood costs")
  func hierarchyBookkeeping() throws {
    var random = SplitMix(state: 33)
    // Bins are drawn by slots of their own number, so that codes cost nothing on balance.
    let codec = HierarchicalBitsBack(LinearHierarchy(layers: 3, width: 6, posteriorIsPrior: true), bins: try GaussianBins(bits: 10))
    let start = try Message(.lanes(4), startingWords: 100, key: 3)
    var message = start
    var cost = 0.0
    for _ in 0..<50 {
      let before = message.bits
      let item = random.integers(LinearHierarchy.pixels, below: 256)
      try codec.push(item, onto: &message)
      cost += message.bits - before
      // The codes that a reader pops first are those that the item was pushed under.
      var copy = message
      var state = codec.model.top()
      for layer in 0..<3 {
        let prior = try codec.model.prior(layer, state)
        state = codec.model.below(layer, state, codes: try codec.bins.latents(codec.bins.prior(6).pop(from: &copy), of: prior))
      }
      let withItem = copy.bits
      _ = try codec.model.likelihood(state).pop(from: &copy)
      cost -= withItem - copy.bits
    }
    #expect(abs(cost) < 0.05 * 50)
  }
}

/// Layers that shift and scale what lies above, with pixels under logistic distributions below.
struct LinearHierarchy: CodedHierarchy {
  static let pixels = 12

  let layers: Int
  let width: Int
  let posteriorIsPrior: Bool

  var codes: Int { layers * width }

  func evidence(of item: [Int]) -> [Float] { item.map { Float($0) / 256 - 0.5 } }
  func top() -> [Float] { [Float](repeating: 0.1, count: width) }

  func prior(_ layer: Int, _ state: [Float]) throws(CodingError) -> Gaussians {
    try Gaussians(means: state.map { 0.9 * $0 }, deviations: state.map { 0.5 + 0.1 * min(abs($0), 3) })
  }

  func posterior(_ layer: Int, _ state: [Float], _ evidence: [Float]) throws(CodingError) -> Gaussians {
    guard !posteriorIsPrior else { return try prior(layer, state) }
    return try Gaussians(
      means: state.indices.map { 0.5 * state[$0] + evidence[$0] }, deviations: [Float](repeating: 0.2, count: width))
  }

  func below(_ layer: Int, _ state: [Float], codes: [Float]) -> [Float] { zip(state, codes).map { 0.5 * $0 + $1 } }

  func likelihood(_ bottom: [Float]) throws(CodingError) -> DiscretisedLogistic {
    try DiscretisedLogistic(
      bins: .bytes, means: (0..<Self.pixels).map { 0.3 * bottom[$0 % width] }, scales: [Float](repeating: 0.1, count: Self.pixels))
  }
}
