import Distributions
import Families
import FamilyExamples
import Modelling
import Tensors
import Testing

/// What audits rely on, checked over every attackable family of the catalogue, as it is trained and as it is served.
@Suite("Laws of white-box access", .serialized)
struct AttackableLawTests {
  private let key = RandomKey(seed: 11)

  private func keys(_ n: Int) -> RowKeys { RowKeys(key, rows: 0..<n) }

  private static let examples: [FamilyExample] = FamilyExample.all.filter { (try? $0.model()).flatMap(Capability.attackable.of) != nil }

  @Test("an encoder's answer is the noiseless inference, and a reconstruction is the decoded mean of its draws", arguments: examples)
  func consistent(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Attackable else { return }
    let x = example.items(6)
    let quiet = model.inference(x, noise: nil)
    let encoded = model.encode(x).compactMap(\.normal)
    #expect(encoded.count == quiet.posteriors.count && quiet.draws.count == encoded.count)
    for (layer, own) in encoded.enumerated() {
      #expect(bits(own.mean) == bits(quiet.posteriors[layer].mean) && bits(own.deviation) == bits(quiet.posteriors[layer].deviation))
      #expect(bits(quiet.draws[layer]) == bits(own.mean))
    }
    #expect(bits(model.decodedMean(quiet.draws)) == bits(model.reconstruct(x, sampling: false, keys: keys(6))))
    #expect(bits(model.decodedMean(model.inference(x, noise: keys(6)).draws)) == bits(model.reconstruct(x, sampling: true, keys: keys(6))))
  }

  @Test("frozen noise gives the same bits, watched or not, packed or not, alone or in a batch; other noise gives other draws", arguments: examples)
  func frozen(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Attackable else { return }
    let x = example.items(9)
    func answers(_ model: any Attackable, _ x: Tensor, _ keys: RowKeys) -> [Tensor] {
      let inference = model.inference(x, noise: keys)
      return inference.draws + inference.posteriors.flatMap { [$0.mean, $0.deviation] }
        + [model.decodedMean(inference.draws), model.logLikelihood(of: x, given: inference.draws), model.divergence(inference)]
    }
    let expected = answers(model, x, keys(9))
    for (own, other) in zip(expected, answers(model, x, keys(9))) { #expect(bits(own) == bits(other)) }
    for (own, other) in zip(expected, answers(model.packed(), x, keys(9))) { #expect(bits(own) == bits(other)) }
    for (own, part) in zip(expected, answers(model, x.slice(0, 4..<7), keys(9).slice(4..<7))) { #expect(bits(own, rows: 4..<7) == bits(part)) }
    // A log-likelihood of a watched item takes another way to the same number.
    for (own, watched) in zip(expected, answers(model, x.watched(), keys(9))) {
      for (a, b) in zip(own.scalars, watched.scalars) { #expect(abs(a - b) <= 1e-5 * max(1, abs(a))) }
    }
    let others = model.inference(x, noise: RowKeys(key.split(1), rows: 0..<9)).draws
    for (own, other) in zip(expected, others) { #expect(bits(own) != bits(other)) }
  }

  @Test("gradients with respect to the item match central differences, with frozen noise and with none", arguments: examples)
  func gradients(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Attackable else { return }
    let n = 3
    let x = example.items(n)
    let weights = key.split("weights").normal(x.shape)
    for (form, model) in [("as trained", model), ("as served", model.packed())] as [(String, any Attackable)] {
      for noise in [nil, keys(n)] {
        let fixed = model.inference(x, noise: noise).draws
        let functions: [(String, (Tensor) -> Tensor)] = [
          ("decoded mean", { (model.decodedMean(model.inference($0, noise: noise).draws) * weights).sum() }),
          ("log-likelihood of the item given its code", { model.logLikelihood(of: $0, given: model.inference($0, noise: noise).draws).sum() }),
          ("log-likelihood of the item given a code", { model.logLikelihood(of: $0, given: fixed).sum() }),
          ("log-likelihood of another item", { model.logLikelihood(of: x, given: model.inference($0, noise: noise).draws).sum() }),
          ("divergence", { model.divergence(model.inference($0, noise: noise)).sum() }),
        ]
        for (name, function) in functions { check(function, at: x, "\(name), \(form), \(noise == nil ? "without" : "with") noise") }
      }
    }
  }

  private func check(_ function: (Tensor) -> Tensor, at x: Tensor, _ name: String) {
    let watched = x.watched()
    let gradient = function(watched).backward()[watched] ?? .zeros(x.shape)
    func norm(_ tensor: Tensor) -> Double { tensor.scalars.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }
    let random = key.split("direction").normal(x.shape)
    let directions = [random] + (norm(gradient) > 0 ? [gradient] : [])
    for direction in directions {
      let unit = direction / Float(norm(direction))
      let slope = zip(gradient.scalars, unit.scalars).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      // What float32 rounds of the value itself is divided by the step, 0.005, and extrapolated.
      let tolerance = 0.01 * norm(gradient) + 1e-3 + 1e-4 * abs(Double(function(x).scalar))
      let differences = Differences(of: { Double(function(x + unit * $0).scalar) }, tolerance: tolerance)
      #expect(abs(differences.central - slope) < tolerance, "\(name): \(differences) by differences, \(slope) by the gradient")
    }
  }

  @Test("the gradient of the log-likelihood with respect to the code matches central differences", arguments: examples)
  func codeGradients(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Attackable else { return }
    let x = example.items(3)
    let draws = model.inference(x, noise: keys(3)).draws
    for layer in draws.indices {
      func replaced(_ z: Tensor) -> [Tensor] { draws.enumerated().map { $0.offset == layer ? z : $0.element } }
      check({ model.logLikelihood(of: x, given: replaced($0)).sum() }, at: draws[layer], "log-likelihood by the code of layer \(layer)")
    }
  }
}
