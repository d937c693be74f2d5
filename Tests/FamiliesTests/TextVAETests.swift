import Distributions
import Families
import Formats
import Foundation
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("text_vae")
struct TextVAETests {
  private let key = RandomKey(seed: 3)

  /// Weights as far apart as a trained one's.
  private func model(
    _ characters: Int, code: CommittedCodeSettings = .init(latent: 2), hidden: Int = 5, layers: Int = 1, atMost: Int = 9, longest: Int? = nil
  ) throws -> TextVAE {
    let vocabulary = Vocabulary((0..<characters).compactMap { Unicode.Scalar(UInt32(97 + $0)) }.map { String($0) })
    var model = try TextVAE(
      .init(code, hidden: hidden, layers: layers, longest: longest), signature: Signature(.tokens(TokenSpace(vocabulary, atMost: atMost))), key: key)
    model.network = model.network.mapping { $1 * 3 }
    return model
  }

  private func rows(_ texts: [[Int]]) -> Tensor {
    let width = texts.map(\.count).max() ?? 0
    return Tensor(rows: texts.map { $0.map(Float.init) + [Float](repeating: .nan, count: width - $0.count) })
  }

  private func texts(_ characters: Int, _ length: Int) -> [[Int]] {
    (0..<length).reduce([[]]) { texts, _ in texts.flatMap { text in (0..<characters).map { text + [$0] } } }
  }

  private func keys(_ n: Int) -> RowKeys { RowKeys(key, rows: 0..<n) }

  private func bits(_ tensor: Tensor) -> [UInt32] { tensor.scalars.map(\.bitPattern) }

  @Test("given a code the texts of a length have probabilities that sum to 1, others for another code", arguments: [1, 2])
  func sumsToOne(_ layers: Int) throws {
    let model = try model(3, layers: layers)
    for length in 1...4 {
      let all = texts(3, length)
      func logs(_ code: [Float]) -> [Float] {
        model.logLikelihood(of: rows(all), given: [Tensor(rows: [code]).expanded(to: [all.count, 2])]).scalars
      }
      for code in [[0, 0], [2, -3]] as [[Float]] { #expect(abs(logs(code).reduce(0) { $0 + exp(Double($1)) } - 1) < 1e-5) }
      #expect(logs([0, 0]) != logs([2, -3]))
    }
  }

  @Test("every character is given those before it alone, and a code all of a text")
  func causality() throws {
    let model = try model(3)
    let z = Tensor(rows: [[1, -1]])
    func score(_ text: [Int]) -> Float { model.logLikelihood(of: rows([text]), given: [z]).scalar }
    // ln p(c_3 | c_1, c_2) is the same whatever comes behind.
    let step = score([0, 1, 2]) - score([0, 1])
    let behind = exp(Double(score([0, 1, 2, 0]))) + exp(Double(score([0, 1, 2, 1]))) + exp(Double(score([0, 1, 2, 2])))
    #expect(abs(Float(log(behind)) - score([0, 1]) - step) < 1e-5)
    let means = model.inference(rows([[0, 1, 2], [1, 1, 2], [0, 1, 1], [0, 1, 2, 2]]), noise: nil).posteriors[0].mean
    #expect(Set((0..<4).map { bits(means.slice(0, $0..<$0 + 1)) }).count == 4)
  }

  @Test("a text has the same bits beside texts of other lengths as alone")
  func mixedLengths() throws {
    let model = try model(4, hidden: 37, atMost: 30)
    let mixed = [[3], [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 1], [1, 2], [2, 2, 2, 2, 2, 2, 2]]
    let keys = keys(4)
    let together = model.score(rows(mixed), draws: 3, keys: keys)
    let codes = model.inference(rows(mixed), noise: keys)
    for (row, text) in mixed.enumerated() {
      let own = keys.slice(row..<row + 1)
      for (all, alone) in zip(together.values, model.score(rows([text]), draws: 3, keys: own).values) {
        #expect(bits(all.values.slice(0, row..<row + 1)) == bits(alone.values), "\(all.term.name) of text \(row)")
      }
      let code = model.inference(rows([text]), noise: own)
      #expect(bits(codes.draws[0].slice(0, row..<row + 1)) == bits(code.draws[0]))
    }
  }

  @Test("texts are drawn as often as they are likely; a shorter one is the beginning of a longer one")
  func draws() throws {
    let model = try model(2, hidden: 3)
    let n = 40_000
    let given = SampleCondition.layers([.code([0.5, -1])])
    let drawn = try model.sample(keys(n), SampleOptions(given: given, length: 3))
    var counts = [Int](repeating: 0, count: 8)
    for row in 0..<n { counts[(0..<3).reduce(0) { 2 * $0 + Int(drawn.scalars[3 * row + $1]) }] += 1 }
    let all = texts(2, 3)
    let logs = model.logLikelihood(of: rows(all), given: [Tensor(rows: [[0.5, -1]]).expanded(to: [8, 2])]).scalars
    for (count, log) in zip(counts, logs) {
      let p = exp(Double(log))
      #expect(abs(Double(count) / Double(n) - p) < 5 * (p * (1 - p) / Double(n)).squareRoot() + 1e-4)
    }
    let longer = try model.sample(keys(5), SampleOptions(given: given, length: 7))
    #expect(bits(longer.slice(1, 0..<3)) == bits(drawn.slice(0, 0..<5)))
    // Likeliest characters depend on the code alone, and a text's own code gives the text of its mean.
    let greedy = try model.sample(keys(4), SampleOptions(mean: true, given: given, length: 6))
    #expect((1..<4).allSatisfy { bits(greedy.slice(0, $0..<$0 + 1)) == bits(greedy.slice(0, 0..<1)) })
    let text: [Float] = [1, 0, 0, 1]
    let mean = model.inference(Tensor(rows: [text]), noise: nil).posteriors[0].mean.scalars
    let after = try model.sample(keys(1), SampleOptions(mean: true, given: .layers([.item(text)]), length: 6))
    #expect(try bits(after) == bits(model.sample(keys(1), SampleOptions(mean: true, given: .layers([.code(mean)]), length: 6))))
  }

  @Test("the importance-weighted bound of a short text comes to its likelihood by a grid over codes")
  func evidence() throws {
    let model = try model(3, code: .init(latent: 1))
    let text = [2, 0, 1, 1]
    let step = 0.005
    let grid = stride(from: -8.0, to: 8.0, by: step).map { Float($0) }
    let logs = model.logLikelihood(
      of: rows([[Int]](repeating: text, count: grid.count)), given: [Tensor(shape: [grid.count, 1], scalars: grid)]
    ).scalars
    let exact = log(zip(grid, logs).reduce(0.0) { $0 + exp(Double($1.1) - 0.5 * Double($1.0 * $1.0)) * step / (2 * Double.pi).squareRoot() })
    let scores = model.score(rows([text]), draws: 20_000, keys: keys(1))
    #expect(abs(Double(scores[.iwae].scalar) - exact) < 0.02)
    #expect(Double(scores[.elbo].scalar) < exact + 0.5)
  }

  @Test("a committed code costs its delta or more in networks of any weights", arguments: [0, 1])
  func committed(_ which: Int) throws {
    let code: CommittedCodeSettings =
      which == 0 ? .init(latent: 3, kind: .ar1, steps: 3, correlation: 0.5) : .init(latent: 4, kind: .constrained, delta: 0.2)
    // The card's δ of three steps at 0.5, three dimensions.
    let delta = which == 0 ? 3 * 0.255413 : 0.8
    for seed in 0..<20 {
      var model = try model(3, code: code)
      var leaf = 0
      model.network = model.network.mapping { _, tensor in
        leaf += 1
        return RandomKey(seed: UInt64(seed)).split(leaf).normal(tensor.shape) * Float(seed) * 0.3
      }
      #expect(abs((model.committedNats ?? 0) - delta) < 1e-5)
      let rates = model.score(rows(texts(3, 3)), draws: 1, keys: keys(27))[.kl].scalars
      #expect(rates.allSatisfy { Double($0) >= delta - 1e-4 }, "\(rates.min() ?? 0)")
    }
  }

  @Test("what is no text, and settings that don't fit, are refused by their field")
  func refused() throws {
    let tokens = Signature(.tokens(TokenSpace(Vocabulary(["a", "b"]), atMost: 5)))
    let code = CommittedCodeSettings(latent: 2)
    let cases: [(TextVAE.Configuration, Signature, String)] = [
      (.init(.init(latent: 0)), tokens, "latent"), (.init(.init(latent: 1, kind: .ar1, correlation: 0.5)), tokens, "steps"),
      (.init(.init(latent: 1, kind: .constrained)), tokens, "delta"), (.init(.init(latent: 1, delta: 1)), tokens, "delta"),
      (.init(code, hidden: 0), tokens, "hidden"), (.init(code, layers: 17), tokens, "layers"), (.init(code, longest: 0), tokens, "longest"),
      (.init(code), .vector(3), "signature.kind"),
    ]
    for (configuration, signature, field) in cases {
      #expect(#expect(throws: Fault.self) { try TextVAE(configuration, signature: signature, key: key) }?.field == field)
    }
    #expect(try model(2, atMost: 5).signature.width == 5 && model(2, atMost: 5, longest: 12).signature.width == 12)
    #expect(#expect(throws: Fault.self) { try model(2).sample(keys(1), SampleOptions(given: .text([0]))) }?.field == "given.text")
  }
}
