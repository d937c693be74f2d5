import Families
import FamilyExamples
import Formats
import Foundation
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("char_lstm")
struct CharLSTMTests {
  private let key = RandomKey(seed: 3)

  private func model(_ characters: Int, hidden: Int = 6, layers: Int = 2, longest: Int = 300) throws -> CharLSTM {
    let vocabulary = Vocabulary((0..<characters).compactMap { Unicode.Scalar(UInt32(97 + $0)) }.map { String($0) })
    return try CharLSTM(
      .init(hidden: hidden, layers: layers, longest: longest), signature: Signature(.tokens(TokenSpace(vocabulary, atMost: 50))), key: key)
  }

  /// The same with weights as far apart as a trained one's.
  private func sharp(_ characters: Int, hidden: Int = 6) throws -> CharLSTM {
    var model = try model(characters, hidden: hidden)
    model.network = model.network.mapping { $1 * 12 }
    return model
  }

  private func rows(_ texts: [[Int]]) -> Tensor {
    let width = texts.map(\.count).max() ?? 0
    return Tensor(rows: texts.map { $0.map(Float.init) + [Float](repeating: .nan, count: width - $0.count) })
  }

  private func keys(_ n: Int) -> RowKeys { RowKeys(key, rows: 0..<n) }

  @Test("two layers of 128 over 65 characters have 240 321 parameters, and begin near ln 65")
  func oracle() throws {
    let model = try model(65, hidden: 128)
    #expect(model.network.parameterCount == 240_321)
    #expect(try Blueprint<CharLSTM>(model.configuration, signature: model.signature).scalarCount == 240_321)
    let text = key.uniform([8, 50]).scalars.map { ($0 * 65).rounded(.down) }
    let batch = Batch(Tensor(shape: [8, 50], scalars: text))
    let loss = model.learner(.init(), Descent()).objective(model.network, batch).objective.loss.scalar
    #expect(abs(loss - 4.1744) < 0.02, "\(loss)")
  }

  @Test("it begins uniform within 0.08, its forget gates at 1")
  func initialisation() throws {
    let model = try model(30, hidden: 40)
    for (leaf, tensor) in model.network.leaves {
      let scalars = tensor.scalars
      guard leaf.path.contains("bias_ih") else {
        #expect(scalars.allSatisfy { abs($0) <= 0.08 }, "\(leaf.path)")
        // The deviation of a uniform number within 0.08 is 0.08 / √3.
        let square = scalars.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(tensor.count)
        #expect(tensor.count < 1000 || abs(square.squareRoot() - 0.0462) < 0.002, "\(leaf.path)")
        continue
      }
      let (forget, others) = (scalars[40..<80], scalars[..<40] + scalars[80...])
      #expect(forget.allSatisfy { $0 == 1 } && others.allSatisfy { abs($0) <= 0.08 })
    }
    let names = Set(model.network.leaves.map(\.leaf.path))
    #expect(names.isSuperset(of: ["lstm.weight_ih_l0", "lstm.weight_hh_l1", "lstm.bias_ih_l0", "lstm.bias_hh_l1", "output.weight", "output.bias"]))
  }

  @Test("the likelihood is exact: over all texts of a length it sums to 1")
  func sumsToOne() throws {
    let model = try sharp(3)
    for length in 1...4 {
      let count = Int(pow(3.0, Double(length)))
      let texts = (0..<count).map { number -> [Int] in
        var (rest, text) = (number, [Int]())
        for _ in 0..<length {
          text.append(rest % 3)
          rest /= 3
        }
        return text
      }
      let nats = model.score(rows(texts), draws: 1, keys: keys(count)).values[0].values.scalars
      #expect(abs(nats.reduce(0) { $0 + exp(Double($1)) } - 1) < 1e-5)
    }
  }

  @Test("texts of many lengths side by side have the bits that each has by itself, and a text's likelihood is that of its beginnings")
  func lengths() throws {
    let model = try sharp(5)
    let u = key.split("texts").uniform([12, 200]).scalars
    let lengths = [1, 7, 64, 65, 3, 200, 128, 64, 2, 1, 199, 90]
    let texts = lengths.enumerated().map { row, length in (0..<length).map { Int(u[row * 200 + $0] * 5) } }
    let together = model.score(rows(texts), draws: 1, keys: keys(12)).values[0].values
    let codes = model.encode(rows(texts)).flatMap(\.parts)
    for (row, text) in texts.enumerated() {
      #expect(bits(model.score(rows([text]), draws: 1, keys: keys(1)).values[0].values) == bits(together.slice(0, row..<row + 1)))
      for (code, all) in zip(model.encode(rows([text])).flatMap(\.parts), codes) { #expect(bits(code) == bits(all, rows: row..<row + 1)) }
    }
    // ln p(c1 c2 ... ) grows only more negative with every further character.
    let beginnings = (1...60).map { Array(texts[5].prefix($0)) }
    let nats = model.score(rows(beginnings), draws: 1, keys: keys(60)).values[0].values.scalars
    #expect(zip(nats, nats.dropFirst()).allSatisfy { $0 > $1 })
  }

  @Test("temperature 0 takes the likeliest character at every step, whatever the key, and small temperatures come to the same")
  func temperature() throws {
    let model = try sharp(6)
    let greedy = try model.sample(keys(3), SampleOptions(temperature: 0, length: 40))
    #expect(bits(greedy, rows: 0..<1) == bits(greedy, rows: 2..<3))
    #expect(try bits(model.sample(keys(3), SampleOptions(mean: true, length: 40))) == bits(greedy))
    for temperature in [Float.leastNonzeroMagnitude, 1e-30, 1e-6] {
      #expect(try bits(model.sample(keys(3), SampleOptions(temperature: temperature, length: 40))) == bits(greedy), "\(temperature)")
    }
    // By the likelihoods: no other character is likelier.
    let text = greedy.slice(0, 0..<1).scalars.map { Int($0) }
    for length in [1, 2, 17] {
      let candidates = (0..<6).map { Array(text.prefix(length - 1)) + [$0] }
      let nats = model.score(rows(candidates), draws: 1, keys: keys(6)).values[0].values.scalars
      #expect(nats.firstIndex(of: nats.max() ?? 0) == text[length - 1])
    }
    let uniform = try model.sample(keys(400), SampleOptions(temperature: .greatestFiniteMagnitude, length: 5)).scalars
    for code in 0..<6 {
      let count = uniform.count { Int($0) == code }
      #expect(abs(count - 333) < 80)
    }
  }

  @Test("first characters are drawn as often as they are likely, and temperature sharpens")
  func frequencies() throws {
    let (model, n) = (try sharp(4), 20_000)
    let nats = model.score(rows((0..<4).map { [$0] }), draws: 1, keys: keys(4)).values[0].values.scalars.map(Double.init)
    for temperature in [1, 0.5] {
      let weights = nats.map { exp($0 / temperature) }
      let total = weights.reduce(0, +)
      let drawn = try model.sample(keys(n), SampleOptions(temperature: Float(temperature), length: 1)).scalars
      for code in 0..<4 {
        let (p, share) = (weights[code] / total, Double(drawn.count { Int($0) == code }) / Double(n))
        #expect(abs(share - p) < 4 * (p * (1 - p) / Double(n)).squareRoot() + 1e-4, "\(code) at \(temperature): \(share) of \(p)")
      }
    }
  }

  @Test("a shorter sample is the beginning of a longer one, and what follows a prompt is what the model goes on with")
  func prompts() throws {
    let model = try sharp(6)
    let long = try model.sample(keys(4), SampleOptions(length: 90))
    #expect(try bits(model.sample(keys(4), SampleOptions(length: 31))) == bits(long.slice(1, 0..<31)))
    let prompt = [3, 1, 4, 1, 5]
    let greedy = try model.sample(keys(1), SampleOptions(temperature: 0, given: .text(prompt), length: 8)).scalars.map { Int($0) }
    var text = prompt
    for _ in 0..<8 {
      let nats = model.score(rows((0..<6).map { text + [$0] }), draws: 1, keys: keys(6)).values[0].values.scalars
      text.append(nats.firstIndex(of: nats.max() ?? 0) ?? 0)
    }
    #expect(greedy == Array(text.dropFirst(5)))
    #expect(try model.sample(keys(2), SampleOptions()).shape == [2, 200])
    #expect(throws: Fault.self) { try model.sample(keys(1), SampleOptions(given: .label("a"))) }
  }

  @Test("the loss of a batch is the mean over its own characters, and its gradient that of the differences")
  func gradient() throws {
    let model = try sharp(5, hidden: 4)
    let texts = [[0, 3, 1, 4], [2], [4, 4, 0]]
    let learner = model.learner(.init(), Descent())
    let batch = Batch(rows(texts), lengths: [4, 1, 3])
    let nats = model.score(rows(texts), draws: 1, keys: keys(3)).values[0].values.scalars.reduce(0.0) { $0 - Double($1) } / 8
    let (objective, slope) = valueAndGradient(at: model.network, loss: \.loss) { network, _ in learner.objective(network, batch).objective }
    #expect(abs(Double(objective.loss.scalar) - nats) < 1e-5)
    #expect(objective.terms.map(\.name) == ["nats_per_character", "bits_per_character"] && objective.terms.allSatisfy { $0.weight == 8 })
    for leaf in slope.module.leaves {
      let length = leaf.tensor.scalars.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      let differences = Differences(
        of: { h in
          let moved = model.network.mapping { $0.path == leaf.leaf.path ? $1 + leaf.tensor * (h / Float(length)) : $1 }
          return Double(learner.objective(moved, batch).objective.loss.scalar)
        }, tolerance: 0.01 * length)
      #expect(abs(differences.central - length) < 0.01 * length + 1e-4, "\(leaf.leaf.path): \(differences) beside \(length)")
    }
  }

  @Test("pieces that go on from each other have the loss of the text that they are cut from")
  func pieces() throws {
    let model = try sharp(5)
    let text = key.uniform([2, 24]).scalars.map { ($0 * 5).rounded(.down) }
    let whole = Tensor(shape: [2, 24], scalars: text)
    let learner = model.learner(.init(), Descent())
    let (all, end) = learner.objective(model.network, Batch(whole))
    var (sum, place) = (0.0, TextLearner.Place?.none)
    for start in stride(from: 0, to: 24, by: 6) {
      let (piece, after) = learner.objective(model.network, Batch(whole.slice(1, start..<start + 6)), from: place)
      (sum, place) = (sum + Double(piece.loss.scalar) / 4, after)
    }
    #expect(abs(sum - Double(all.loss.scalar)) < 1e-6)
    #expect(place?.last.scalars == end.last.scalars && place?.state.hidden.map(\.scalars) == end.state.hidden.map(\.scalars))
  }

  @Test("configurations that make no network, and items that are no texts, are refused by field")
  func refusals() throws {
    let tokens = Signature(.tokens(TokenSpace(Vocabulary(["a", "b"]), atMost: 5)))
    for (configuration, signature, field) in [
      (CharLSTM.Configuration(hidden: 0), tokens, "hidden"), (.init(layers: 0), tokens, "layers"), (.init(layers: 17), tokens, "layers"),
      (.init(longest: 0), tokens, "longest"), (.init(hidden: 65_536, layers: 16), tokens, ""), (.init(), .vector(3), "signature.kind"),
      (.init(), .image(height: 2, width: 2), "signature.kind"),
    ] {
      let fault = #expect(throws: Fault.self) { try CharLSTM(configuration, signature: signature, key: key) }
      #expect(fault?.field == field)
    }
  }
}
