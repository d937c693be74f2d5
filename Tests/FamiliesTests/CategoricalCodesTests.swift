import Coding
import Distributions
import Families
import Formats
import Foundation
import ModelFiles
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

/// A VAE with categorical codes so small that every code can be summed over.
@Suite("Categorical codes")
struct CategoricalCodesTests {
  private let key = RandomKey(seed: 5)

  private func keys(_ n: Int, seed: UInt64 = 6) -> RowKeys { RowKeys(RandomKey(seed: seed), rows: 0..<n) }

  private func model(_ latents: String, hidden: String = "[4]", width: Int = 5, seed: UInt64 = 2) throws -> VAE {
    let text = #"{"latents": {"categorical": \#(latents)}, "hidden": \#(hidden), "activation": "tanh"}"#
    let model = try VAE(
      StrictJSON.decode(VAE.Configuration.self, from: Array(text.utf8)), signature: .vector(width), key: RandomKey(seed: seed))
    // Weights so large that codes matter.
    var grown = model
    grown.network = model.network.mapping { $1 * 2 }
    return grown
  }

  private func bits(_ rows: Int, width: Int = 5) -> Tensor { RowKeys(key, rows: 0..<rows).bernoulli(.full([rows, width], 0.5)) }

  /// One-hot vectors of every code: [classes^variables, variables x classes].
  private func allCodes(_ variables: Int, _ classes: Int) -> [Tensor] {
    let count = (0..<variables).reduce(1) { product, _ in product * classes }
    return (0..<count).map { number in
      var rest = number
      let code = (0..<variables).map { _ in
        defer { rest /= classes }
        return rest % classes
      }
      return Categorical.oneHot(code, shape: [1, variables, classes]).flattened()
    }
  }

  /// E_q[ln p(x|z)] - KL(q ‖ p) by enumeration, watched where the network is: [n].
  private func exactBound(_ model: VAE, _ x: Tensor, _ variables: Int, _ classes: Int) throws -> Tensor {
    let n = x.shape[0]
    guard case .categorical(_, let p) = model.encode(x)[0] else { throw TestFailure() }
    var sum = Tensor.zeros([n])
    for z in allCodes(variables, classes) {
      let row = z.expanded(to: [n, variables * classes])
      var share = Tensor.ones([n])
      for variable in 0..<variables {
        let chosen = (0..<classes).first { z.scalars[variable * classes + $0] == 1 } ?? 0
        share = share * p.slice(1, variable..<variable + 1).slice(2, chosen..<chosen + 1).reshaped([n])
      }
      sum = sum + share * model.logLikelihood(of: x, given: [row])
    }
    let kl = (p * p.log()).flattened().rowSums() + Float(variables) * log(Float(classes))
    return sum - kl
  }

  private struct TestFailure: Error {}

  /// ln p(x) by enumeration under equally likely codes: [n].
  private func evidence(_ model: VAE, _ x: Tensor, _ variables: Int, _ classes: Int) -> Tensor {
    let n = x.shape[0]
    let rows = allCodes(variables, classes).map { z in
      (model.logLikelihood(of: x, given: [z.expanded(to: [n, variables * classes])]) - Float(variables) * log(Float(classes))).reshaped([1, n])
    }
    return Tensor.concatenated(rows).transposed().logSumExp()
  }

  @Test("a uniform q costs nothing, a certain one ln 10 a variable")
  func divergence() throws {
    var model = try model("[3, 10]", hidden: "[]")
    model.network = model.network.mapping { $0.path.hasPrefix("logits") ? $1 * 0 : $1 }
    let x = bits(4)
    #expect(model.score(x, draws: 1, keys: keys(4))[.kl].scalars.allSatisfy { abs($0) < 1e-6 })
    model.network = model.network.mapping { leaf, tensor in
      leaf.path == "logits.bias" ? Tensor(shape: [30], scalars: (0..<30).map { $0 % 10 == 4 ? 60 : 0 }) : tensor
    }
    #expect(model.score(x, draws: 1, keys: keys(4))[.kl].scalars.allSatisfy { abs($0 - 3 * 2.302_585) < 1e-4 })
    guard case .categorical(let codes, let probabilities) = model.encode(x)[0] else { throw TestFailure() }
    #expect(codes.scalars.allSatisfy { $0 == 4 } && probabilities.shape == [4, 3, 10])
    #expect(model.use(of: x, keys: keys(4)).costs.scalars.allSatisfy { abs($0 - 2.302_585) < 1e-5 })
  }

  @Test("bounds of hard draws are those of the enumeration on average, and below ln p(x)")
  func bounds() throws {
    let (model, x) = (try model("[2, 3]"), bits(3))
    let (exact, elbo) = (evidence(model, x, 2, 3).scalars, try exactBound(model, x, 2, 3).scalars)
    let n = 4000
    for row in 0..<3 {
      let copies = x.gather([Int](repeating: row, count: n))
      let scores = model.score(copies, draws: 1, keys: keys(n))
      let mean = average(scores[.elbo].scalars)
      #expect(elbo[row] <= exact[row] && abs(mean.mean - Double(elbo[row])) < 5 * mean.error + 1e-5)
      let single = average(scores[.iwae].scalars)
      #expect(abs(single.mean - Double(elbo[row])) < 5 * single.error + 1e-5)
      let many = average(model.score(copies.slice(0, 0..<50), draws: 400, keys: keys(50))[.iwae].scalars)
      #expect(abs(many.mean - Double(exact[row])) < 5 * many.error + 0.01 && many.mean < Double(exact[row]) + 5 * many.error)
    }
  }

  static let unbiased: [(String, String)] = [
    ("[2, 3]", #"{"estimator": "score_function", "baseline": "none"}"#), ("[2, 3]", #"{"estimator": "score_function"}"#),
    ("[2, 3]", #"{"estimator": "muprop", "baseline": "none"}"#), ("[2, 3]", #"{"estimator": "muprop"}"#),
    ("[2, 3]", #"{"estimator": "marginalised"}"#), ("[1, 4]", #"{"estimator": "marginalised"}"#),
  ]

  @Test("estimators without bias have the gradient of the enumeration on average", arguments: unbiased)
  func gradients(_ latents: String, _ text: String) throws {
    let (variables, classes) = latents == "[2, 3]" ? (2, 3) : (1, 4)
    let model = try model(latents)
    let options = try StrictJSON.decode(VAE.TrainingOptions.self, from: Array(text.utf8))
    try model.check(options)
    let x = bits(2)
    let exact = valueAndGradient(at: model.network, loss: { $0 }) { network, _ in
      var watched = model
      watched.network = network
      return try! -exactBound(watched, x, variables, classes).mean()
    }
    let (copies, batches) = (400, 24)
    let batch = Batch(x.gather((0..<copies * 2).map { $0 % 2 }))
    let baseline = model.baseline(options, key: key)
    var sums: [(sum: [Double], squares: [Double])] = []
    var value = 0.0
    for number in 0..<batches {
      let found = valueAndGradient(at: model.network, loss: \.loss) { network, mode in
        model.objective(
          network, baseline: baseline, batch: batch, options: options,
          pass: Pass(mode: mode, keys: keys(copies * 2, seed: UInt64(100 + number)), epoch: 0))
      }
      value += Double(found.value.loss.scalar) / Double(batches)
      for (place, slope) in found.gradient.module.parameterTensors.enumerated() {
        if number == 0 { sums.append(([Double](repeating: 0, count: slope.count), [Double](repeating: 0, count: slope.count))) }
        for (i, scalar) in slope.scalars.enumerated() {
          sums[place].sum[i] += Double(scalar)
          sums[place].squares[i] += Double(scalar) * Double(scalar)
        }
      }
    }
    #expect(abs(value - Double(exact.value.scalar)) < 0.02)
    let n = Double(batches)
    var (worst, moved) = (0.0, 0.0)
    for (place, slope) in exact.gradient.module.parameterTensors.enumerated() {
      for (i, scalar) in slope.scalars.enumerated() {
        let mean = sums[place].sum[i] / n
        let error = (max(sums[place].squares[i] / n - mean * mean, 0) / (n - 1)).squareRoot()
        worst = max(worst, abs(mean - Double(scalar)) / (error + 2e-4))
        moved = max(moved, abs(Double(scalar)))
      }
    }
    #expect(worst < 5 && moved > 0.01, "\(worst) standard errors at worst")
  }

  @Test("straight-through and score function learn at the very same hard draw, and the relaxed draw is another")
  func draws() throws {
    let (model, x) = (try model("[3, 4]"), bits(8))
    func loss(_ estimator: CategoricalTraining.Estimator) -> Float {
      let options = VAE.TrainingOptions(categorical: CategoricalTraining(estimator))
      return model.objective(model.network, batch: Batch(x), options: options, pass: Pass(keys: keys(8), epoch: 0)).loss.scalar
    }
    #expect(loss(.straightThrough) == loss(.scoreFunction) && loss(.scoreFunction) == loss(.muProp) && loss(.relaxed) != loss(.muProp))
  }

  @Test("the temperature falls by exp(-r t), is renewed every some batches and ends at its least")
  func temperature() throws {
    let text = #"{"temperature_rate": 1e-4, "temperature_steps": 500}"#
    let training = try StrictJSON.decode(CategoricalTraining.self, from: Array(text.utf8))
    for (step, expected) in [(0, 1), (499, 1), (500, exp(-0.05)), (999, exp(-0.05)), (1000, exp(-0.1)), (100_000, 0.5)] as [(Int, Float)] {
      #expect(abs(training.temperature(step: step) - expected) < 1e-6, "\(step)")
    }
  }

  @Test("a baseline is part of the learner and of no model, and a run with one goes on from its state")
  func learning() throws {
    let model = try model("[2, 3]")
    let x = bits(16)
    let data = TrainingData(count: 16) { x.gather($0) }
    for (text, hasBaseline) in [
      ("{}", false), (#"{"estimator": "score_function"}"#, true), (#"{"estimator": "muprop", "baseline": "running"}"#, true),
    ] {
      let options = try StrictJSON.decode(VAE.TrainingOptions.self, from: Array(text.utf8))
      let learner = model.learner(options, Descent(Optimiser(.adam, rate: 0.01)))
      var state = learner.start(data, key: key)
      for step in 0..<3 {
        let pass = Pass(mode: .evaluation, keys: keys(16, seed: UInt64(step)), epoch: 0, step: step, items: 16)
        let terms = try learner.step(&state, Batch(x), pass)
        #expect(terms.map(\.name) == ["elbo_nats", "reconstruction_nats", "kl_nats"] && terms.allSatisfy(\.value.isFinite))
      }
      let paths = state.leaves.map(\.leaf.path)
      #expect(paths.contains { $0.hasPrefix("network.baseline") } == hasBaseline)
      #expect(state.leaves.allSatisfy { $0.tensor.isFinite })
      if hasBaseline { #expect(state.leaves.first { $0.leaf.path == "network.baseline.batches" }?.tensor.scalars == [3]) }
      let learnt = learner.model(state)
      #expect(learnt.network.leaves.map(\.leaf.path) == model.network.leaves.map(\.leaf.path))
      #expect(learnt.network.leaves.map(\.tensor.scalars) != model.network.leaves.map(\.tensor.scalars))
    }
  }

  @Test("compressed items cost the bound of one draw")
  func compression() throws {
    let text = #"{"latents": {"categorical": [5, 6]}, "hidden": [7], "activation": "tanh"}"#
    let model = try VAE(
      StrictJSON.decode(VAE.Configuration.self, from: Array(text.utf8)), signature: .image(height: 5, width: 4), key: RandomKey(seed: 2))
    let chain = try ItemChain(model)
    let n = 300
    let items = RowKeys(key, rows: 0..<n).uniform(20).scalars.map { $0 < 0.4 ? 1 : 0 }
    let symbols = (0..<n).map { Array(items[$0 * 20..<($0 + 1) * 20]) }
    let start = try Message(.lanes(ItemChain.lanes), startingWords: chain.startingWords, key: 9)
    var message = start
    try chain.of(n).push(symbols, onto: &message)
    #expect(message != start)
    #expect(try chain.of(n).pop(from: &message) == symbols)
    #expect(message == start)
  }

  @Test(
    "configurations and options that contradict each other are refused by field",
    arguments: [
      (#"{"latents": {"categorical": [3, 4]}, "latent": 12}"#, "latent"), ("{}", "latent"),
      (#"{"latents": {"categorical": [3, 1]}}"#, "latents.categorical[1]"),
      (#"{"latents": {"categorical": [3]}}"#, "latents.categorical"), (#"{"latents": {"categorical": [3000, 4000]}}"#, "latents.categorical"),
      (#"{"latents": {"categorical": [3, 4]}, "prior": "vamp", "prior_components": 3}"#, "prior"),
      (#"{"latents": {"categorical": [3, 4]}, "heads": "joint"}"#, "heads"), (#"{"latents": {"categorical": [3, 4]}, "scale": "exp"}"#, "scale"),
    ])
  func refusals(_ text: String, _ field: String) throws {
    let configuration = try StrictJSON.decode(VAE.Configuration.self, from: Array(text.utf8))
    #expect(#expect(throws: Fault.self) { try VAE(configuration, signature: .vector(3), key: key) }?.field == field)
  }

  @Test("the family beta_tcvae takes no categorical codes, and a file with Gaussian ones says nothing of them")
  func others() throws {
    let configuration = try StrictJSON.decode(VAE.Configuration.self, from: Array(#"{"latents": {"categorical": [3, 4]}, "hidden": []}"#.utf8))
    #expect(#expect(throws: Fault.self) { try BetaTCVAE(configuration, signature: .vector(3), key: key) }?.field == "latents")
    func text(_ configuration: some Settings) throws -> String { String(decoding: try JSONEncoder().encode(configuration), as: UTF8.self) }
    #expect(try !text(VAE.Configuration(latent: 2)).contains("latents") && text(VAE.Configuration(latent: 2)).contains(#""latent":2"#))
    #expect(try !text(configuration).contains(#""latent":"#) && text(configuration).contains(#""categorical":[3,4]"#))
    #expect(try !text(VAEACImage.Configuration()).contains("latents") && text(VAEACImage.Configuration()).contains(#""latent":16"#))
    let model = try VAE(configuration, signature: .vector(3), key: key)
    #expect(Capability.attackable.of(model) == nil && Capability.categoricallyEncoding.of(model) != nil)
    #expect(Capability.attackable.of(try VAE(VAE.Configuration(latent: 2, hidden: []), signature: .vector(3), key: key)) != nil)
    #expect(throws: Fault.self) { _ = try model.rowCoding() }
  }

  @Test(
    "options without a use are refused by field",
    arguments: [
      (true, #"{"estimator": "score_function", "temperature": 1}"#, "temperature"), (true, #"{"baseline": "none"}"#, "baseline"),
      (true, #"{"temperature": 0.4, "temperature_final": 0.5}"#, "temperature_final"), (true, #"{"importance_samples": 5}"#, "importance_samples"),
      (true, #"{"estimator": "marginalised"}"#, "estimator"), (false, #"{"estimator": "relaxed"}"#, "estimator"),
      (false, #"{"temperature_rate": 0.001}"#, "temperature_rate"),
    ])
  func options(_ isCategorical: Bool, _ text: String, _ field: String) throws {
    let options = try StrictJSON.decode(VAE.TrainingOptions.self, from: Array(text.utf8))
    let latents = isCategorical ? #""latents": {"categorical": [20, 10]}"# : #""latent": 3"#
    let configuration = try StrictJSON.decode(VAE.Configuration.self, from: Array("{\(latents)}".utf8))
    let model = try VAE(configuration, signature: .vector(3), key: key)
    #expect(#expect(throws: Fault.self) { try model.check(options) }?.field == field)
    try model.check(VAE.TrainingOptions())
  }

  @Test("an image's lower half is drawn and scored given the upper, and what is refused of it is refused")
  func conditional() throws {
    let text = #"{"latents": {"categorical": [3, 4]}, "hidden": 8, "channels": [3, 2], "activation": "tanh"}"#
    let configuration = try StrictJSON.decode(VAEACImage.Configuration.self, from: Array(text.utf8))
    #expect(configuration.latent == 12)
    let model = try VAEACImage(configuration, signature: .image(height: 4, width: 4), key: key)
    let x = bits(6, width: 16)
    let hidden = model.hidden(by: .half(.bottom), keys: keys(6))
    #expect(hidden.scalars.prefix(16).reduce(0, +) == 8)
    let scores = model.score(x, targets: hidden, draws: 50, estimator: .proposal, keys: keys(6))
    #expect(scores.values.allSatisfy { $0.values.isFinite } && scores[.kl].scalars.allSatisfy { $0 >= -1e-5 })
    for estimator in ["relaxed", "straight_through", "score_function", "muprop", "marginalised"] {
      let options = try StrictJSON.decode(
        VAEACImage.TrainingOptions.self, from: Array(#"{"masks": [{"mask": "bottom"}], "estimator": "\#(estimator)"}"#.utf8))
      try model.check(options)
      let (value, gradient) = valueAndGradient(at: model.network, loss: \.loss) { network, mode in
        model.objective(
          network, baseline: model.baseline(options, key: key), batch: Batch(x), options: options, pass: Pass(mode: mode, keys: keys(6), epoch: 0))
      }
      #expect(value.loss.isFinite && gradient.module.leaves.allSatisfy(\.tensor.isFinite))
      let moved = gradient.module.leaves.filter { $0.leaf.isTrainable && $0.tensor.scalars.contains { $0 != 0 } }.map(\.leaf.path)
      for part in ["proposal.head", "prior.head", "generative.input"] { #expect(moved.contains { $0.hasPrefix(part) }, "\(estimator): \(part)") }
    }
    for (text, field) in [
      (#"{"latents": {"categorical": [3, 4]}, "latent": 16, "hidden": 8}"#, "latent"), (#"{"latent": 0}"#, "latent"),
      (#"{"latents": {"categorical": [3, 0]}}"#, "latents.categorical[1]"),
    ] {
      let refused = try StrictJSON.decode(VAEACImage.Configuration.self, from: Array(text.utf8))
      #expect(#expect(throws: Fault.self) { try VAEACImage(refused, signature: .image(height: 4, width: 4), key: key) }?.field == field)
    }
    let plain = try VAEACImage(VAEACImage.Configuration(), signature: .image(height: 4, width: 4), key: key)
    let options = VAEACImage.TrainingOptions(categorical: CategoricalTraining(.muProp))
    #expect(#expect(throws: Fault.self) { try plain.check(options) }?.field == "estimator")
  }
}
