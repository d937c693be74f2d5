import Families
import Formats
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("Modular networks")
struct ModularTests {
  private static let key = RandomKey(seed: 3)

  private static func model(_ configuration: Modular.Configuration, width: Int = 5, classes: Int = 3, seed: UInt64 = 1) throws -> Modular {
    var signature = Signature.vector(width)
    signature.classes = (0..<classes).map { "class \($0)" }
    return try Modular(configuration, signature: signature, key: RandomKey(seed: seed))
  }

  /// Controllers that mean what they say: those of fresh networks are all but uniform.
  private static func decided(_ model: Modular) -> Modular {
    var model = model
    model.network = model.network.mapping { $0.path.contains("controller") ? $1 * 4 : $1 * 2 }
    return model
  }

  private static func passage(_ model: Modular, _ x: Tensor, _ modules: [[Int]]) -> Modular.Passage {
    model.passage(model.network, from: model.network.layers[0].prospect(x)) { layer, _ in .init(modules: modules[layer]) }
  }

  /// ln p(y|x, a) + ln p(a|x) of one composition for all items.
  private static func scores(_ model: Modular, _ x: Tensor, _ classes: [Int], _ composition: [[Int]]) -> [Float] {
    let passage = passage(model, x, composition.map { own in (0..<x.shape[0]).flatMap { _ in own } })
    return (passage.logLikelihood(of: classes) + passage.logSelection).scalars
  }

  private static func batch(_ x: Tensor, _ classes: [Int], items: [Int]? = nil) -> Batch {
    Batch(x, items: items, labels: BatchLabels(classes: classes, labelledItems: classes.count, items: classes.count))
  }

  private static func data(_ x: Tensor) -> TrainingData { TrainingData(count: x.shape[0]) { x.gather($0) } }

  private static func keys(_ count: Int, _ number: Int = 0) -> RowKeys { RowKeys(key.split(number), rows: 0..<count) }

  private static func pass(_ count: Int, step: Int = 0) -> Pass { Pass(keys: keys(count, step), epoch: 0, step: step) }

  private let x = Self.key.split("x").normal([7, 5])
  private let classes = [0, 1, 2, 0, 1, 2, 0]

  // MARK: The E-step

  @Test("an E-step of enough draws finds the best of all compositions, two modules in two layers of one slot or two", arguments: [1, 2])
  func exactExpectation(_ slots: Int) throws {
    let model = Self.decided(try Self.model(.init(modules: [2, 2], units: [4], slots: slots)))
    let learner = ModularLearner(model, .init(method: .em, samples: 1000), Descent())
    var state = learner.start(Self.data(x), key: Self.key)
    let found = learner.expect(&state, Self.batch(x, classes), keys: Self.keys(7))
    let choices = slots == 1 ? [[0], [1]] : [[0, 0], [0, 1], [1, 0], [1, 1]]
    let all = choices.flatMap { first in choices.map { [first, $0] } }
    let table = all.map { Self.scores(model, x, classes, $0) }
    let remembered = learner.assignments(of: Array(0..<7), in: state)
    for item in 0..<7 {
      let best = all.indices.max { table[$0][item] < table[$1][item] } ?? 0
      #expect(abs(found[item] - table[best][item]) < 1e-5)
      let own = remembered.map { Array($0[item * slots..<(item + 1) * slots]) }
      let score = table[try #require(all.firstIndex(of: own))][item]
      // Slots are alike, so compositions may tie.
      #expect(abs(score - table[best][item]) < 1e-5, "item \(item): \(own), best \(all[best])")
    }
  }

  @Test("at fixed parameters no item's score falls from E-step to E-step, and the remembered composition is the one of that score")
  func monotone() throws {
    let model = Self.decided(try Self.model(.init(modules: [6, 5, 4], units: [4, 3], slots: 2)))
    let learner = ModularLearner(model, .init(method: .em, samples: 3), Descent())
    var state = learner.start(Self.data(x), key: Self.key)
    var last = [Float](repeating: -.infinity, count: 7)
    var rises = 0
    for round in 0..<30 {
      let scores = learner.expect(&state, Self.batch(x, classes), keys: Self.keys(7, round))
      #expect(zip(scores, last).allSatisfy { $0 >= $1 }, "round \(round): \(scores) after \(last)")
      rises += zip(scores, last).count { $0 > $1 }
      last = scores
      let passage = Self.passage(model, x, learner.assignments(of: Array(0..<7), in: state))
      let own = (passage.logLikelihood(of: classes) + passage.logSelection).scalars
      #expect(zip(own, scores).allSatisfy { abs($0 - $1) < 1e-5 })
    }
    #expect(rises > 14)
  }

  @Test("what an item remembers follows its number, whatever batch it comes in and where it stands there")
  func stableItems() throws {
    let model = Self.decided(try Self.model(.init(modules: [6, 5], units: [4])))
    let learner = ModularLearner(model, .init(method: .em), Descent())
    var state = learner.start(Self.data(x), key: Self.key)
    // The start hangs on the number alone, not on how many items there are.
    let fewer = learner.start(Self.data(x.slice(0, 0..<3)), key: Self.key)
    #expect(fewer.assignments.scalars == state.assignments.slice(0, 0..<3).scalars)
    #expect(Set(state.assignments.scalars).count > 3)
    let before = state.assignments
    let order = [5, 0, 3]
    let scores = learner.expect(&state, Self.batch(x.gather(order), order.map { classes[$0] }, items: order), keys: Self.keys(3))
    for item in [1, 2, 4, 6] { #expect(bits(state.assignments, rows: item..<item + 1) == bits(before, rows: item..<item + 1)) }
    // Asked for in another order, the same compositions come back, and score what was said of them.
    let sorted = [0, 3, 5]
    let passage = Self.passage(model, x.gather(sorted), learner.assignments(of: sorted, in: state))
    let own = (passage.logLikelihood(of: sorted.map { classes[$0] }) + passage.logSelection).scalars
    for (place, item) in sorted.enumerated() {
      let row = try #require(order.firstIndex(of: item))
      #expect(abs(own[place] - scores[row]) < 1e-5)
    }
  }

  // MARK: Layers

  @Test("two slots that choose the same module pass an item through it once, and their order does not matter")
  func once() throws {
    let (one, two) = (try Self.model(.init(modules: [4, 3], units: [6])), try Self.model(.init(modules: [4, 3], units: [6], slots: 2)))
    let (first, second) = (one.network.layers[0], two.network.layers[0])
    // Controllers aside, both have the same layer.
    var same = second
    same.modules = first.modules
    let chosen = [0, 1, 2, 3, 0, 1, 2]
    let single = first.output(of: first.prospect(x), .init(modules: chosen), .tanh)
    let double = same.output(of: same.prospect(x), .init(modules: chosen.flatMap { [$0, $0] }), .tanh)
    #expect(bits(single) == bits(double))
    let others = chosen.map { ($0 + 1) % 4 }
    let sum = single + first.output(of: first.prospect(x), .init(modules: others), .tanh)
    let pairs = zip(chosen, others).map { [$0, $1] }
    let both = same.output(of: same.prospect(x), .init(modules: pairs.flatMap { $0 }), .tanh)
    #expect(zip(both.scalars, sum.scalars).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(bits(both) == bits(same.output(of: same.prospect(x), .init(modules: pairs.flatMap { $0.reversed() }), .tanh)))
  }

  @Test("controllers without weights choose uniformly: p(a) = M^(-K layers)")
  func uniform() throws {
    var model = try Self.model(.init(modules: [4, 4, 4], units: [3, 3], slots: 2))
    model.network = model.network.mapping { $0.path.contains("controller") ? .zeros($1.shape) : $1 }
    let composition = (0..<3).map { layer in (0..<14).map { ($0 + layer) % 4 } }
    let expected = -6 * Float(4).logarithm
    #expect(Self.passage(model, x, composition).logSelection.scalars.allSatisfy { abs($0 - expected) < 1e-5 })
    #expect(model.classify(x).modules.allSatisfy { $0.allSatisfy { $0.probabilities.allSatisfy { abs($0 - 0.25) < 1e-6 } } })
  }

  @Test("an answer goes through the likeliest module of every slot and names it")
  func likeliest() throws {
    let model = Self.decided(try Self.model(.init(modules: [5, 4], units: [6], slots: 2)))
    let (logits, modules) = model.classify(x)
    #expect(bits(logits) == bits(model.logits(x)))
    let chosen = (0..<2).map { layer in modules.flatMap { $0[layer].modules } }
    #expect(bits(Self.passage(model, x, chosen).logits) == bits(logits))
    let passage = Self.passage(model, x, chosen)
    for (item, layers) in modules.enumerated() {
      for (layer, selection) in layers.enumerated() {
        let p = passage.layers[layer].prospect.logits.softmax().scalars
        let count = [5, 4][layer]
        for slot in 0..<2 {
          let own = Array(p[(item * 2 + slot) * count..<(item * 2 + slot + 1) * count])
          #expect(selection.probabilities[slot] == own.max() && own[selection.modules[slot]] == own.max())
        }
      }
    }
  }

  @Test("gates are a softmax over the k largest logits alone, by which the modules' outputs are weighed")
  func gates() throws {
    let model = Self.decided(try Self.model(.init(modules: [5, 4], units: [6], slots: 2, selection: .topK)))
    let layer = model.network.layers[0]
    let prospect = layer.prospect(x)
    let choice = prospect.topK(2, of: prospect.logits)
    let (gates, logits) = (try #require(choice.gates).scalars, prospect.logits.scalars)
    var expected = [Float](repeating: 0, count: 7 * 6)
    for item in 0..<7 {
      let own = Array(logits[item * 5..<item * 5 + 5])
      let best = own.indices.sorted { own[$0] > own[$1] }.prefix(2)
      #expect(Set(choice.modules[item * 2..<item * 2 + 2]) == Set(best))
      let ratio = (own[best[1]] - own[best[0]]).exponential
      for module in 0..<5 {
        let gate = gates[item * 5 + module]
        #expect(abs(gate - (module == best[0] ? 1 / (1 + ratio) : module == best[1] ? ratio / (1 + ratio) : 0)) < 1e-6)
        let output = layer.output(of: prospect.gather([item]), .init(modules: [module]), .relu).scalars
        for unit in 0..<6 { expected[item * 6 + unit] += gate * output[unit] }
      }
    }
    #expect(zip(layer.output(of: prospect, choice, .relu).scalars, expected).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  // MARK: Gradients

  /// The gradient that a step of plain descent at rate 1 went against.
  private static func slope(_ learner: ModularLearner, _ state: ModularLearner.State, _ batch: Batch, _ pass: Pass) throws -> [(String, Tensor)] {
    var moved = state
    _ = try learner.step(&moved, batch, pass)
    return zip(state.player.network.leaves, moved.player.network.leaves).map { ($0.leaf.path, $0.tensor - $1.tensor) }
  }

  private static func norm(_ tensor: Tensor) -> Double { tensor.scalars.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }

  @Test("the M-step goes down -mean ln p(y|x, a*) - mean ln p(a*|x), as central differences say of every parameter")
  func maximisation() throws {
    let model = Self.decided(try Self.model(.init(modules: [3, 3], units: [4], slots: 2, activation: .tanh)))
    let learner = ModularLearner(model, .init(method: .em), Descent(Optimiser(.sgd, rate: 1)))
    let state = learner.start(Self.data(x), key: Self.key)
    let remembered = learner.assignments(of: Array(0..<7), in: state)
    // No E-step at this step, so a* stays.
    for (path, slope) in try Self.slope(learner, state, Self.batch(x, classes), Self.pass(7, step: 1)) {
      let length = Self.norm(slope)
      #expect(length > 1e-3, "\(path)")
      func loss(_ h: Float) -> Double {
        var moved = model
        moved.network = model.network.mapping { $0.path == path ? $1 + slope * (h / Float(length)) : $1 }
        let passage = Self.passage(moved, x, remembered)
        return -Double((passage.logLikelihood(of: classes) + passage.logSelection).mean().scalar)
      }
      let central = (loss(0.01) - loss(-0.01)) / 0.02
      #expect(abs(central - length) < 0.02 * length + 2e-3, "\(path): \(central) by differences, \(length) by the gradient")
    }
  }

  @Test("REINFORCE moves the controllers up the gradient of E ln p(y|x, a), whatever rewards are compared with", arguments: [Float(0), -3])
  func reinforcement(_ baseline: Float) throws {
    let model = try Self.model(.init(modules: [2, 2], units: [4], activation: .tanh))
    let learner = ModularLearner(model, .init(method: .reinforce), Descent(Optimiser(.sgd, rate: 1)))
    // Many draws of one item.
    let n = 20_000
    let (row, own) = (x.slice(0, 0..<1), [Int](repeating: 2, count: n))
    let many = row.gather([Int](repeating: 0, count: n))
    var state = learner.start(Self.data(x), key: Self.key)
    state.meanReward = Tensor([baseline])
    let slopes = try Self.slope(learner, state, Self.batch(many, own, items: [Int](repeating: 0, count: n)), Self.pass(n, step: 1))
    func expectation(_ model: Modular) -> Double {
      [[0, 0], [0, 1], [1, 0], [1, 1]].reduce(0) { sum, a in
        let passage = Self.passage(model, row, a.map { [$0] })
        return sum + Double(passage.logSelection.scalars[0].exponential) * Double(passage.logLikelihood(of: [2]).scalars[0])
      }
    }
    for (path, slope) in slopes where path.contains("controller") {
      let length = Self.norm(slope)
      func value(_ h: Float) -> Double {
        var moved = model
        moved.network = model.network.mapping { $0.path == path ? $1 - slope * (h / Float(length)) : $1 }
        return expectation(moved)
      }
      let central = (value(0.02) - value(-0.02)) / 0.04
      #expect(abs(central - length) < 0.1 * length + 0.01, "\(path): \(central) of the expectation, \(length) by the estimate")
    }
  }

  @Test("noisy gates reach the controllers through their weights, and a balance evens out what modules are used for")
  func balance() throws {
    let model = try Self.model(.init(modules: [4, 4], units: [6], slots: 2, selection: .topK))
    func variation(_ balance: Float) throws -> [Double] {
      let learner = ModularLearner(model, .init(method: .noisyTopK, balance: balance), Descent(Optimiser(.sgd, rate: 0.1)))
      var state = learner.start(Self.data(x), key: Self.key)
      return try (0..<60).map { step in
        try #require(learner.step(&state, Self.batch(x, classes), Self.pass(7, step: step)).first { $0.name == "squared_variation" }).value
      }
    }
    let (free, even) = (try variation(0), try variation(5))
    func mean(_ values: some Collection<Double>) -> Double { values.reduce(0, +) / Double(values.count) }
    #expect(mean(even.suffix(20)) < 0.7 * mean(free.suffix(20)) && free[0] == even[0])
    let learner = ModularLearner(model, .init(method: .noisyTopK, balance: 0), Descent(Optimiser(.sgd, rate: 1)))
    let slopes = try Self.slope(learner, learner.start(Self.data(x), key: Self.key), Self.batch(x, classes), Self.pass(7))
    for part in ["controller", "noise", "modules"] {
      #expect(slopes.filter { $0.0.contains(part) }.allSatisfy { Self.norm($0.1) > 0 }, "\(part)")
    }
  }

  @Test("reported entropies: an even controller is unsure and uses all modules, a fixed one is sure and uses one")
  func entropies() throws {
    func terms(_ scale: Float, bias: Float) throws -> [String: Double] {
      var model = try Self.model(.init(modules: [4, 4], units: [3]))
      model.network = model.network.mapping { leaf, tensor in
        guard leaf.path.contains("controller") else { return tensor }
        return leaf.path.hasSuffix("bias") ? Tensor(shape: tensor.shape, scalars: [bias, 0, 0, 0]) : tensor * scale
      }
      let learner = ModularLearner(model, .init(method: .em), Descent())
      var state = learner.start(Self.data(x), key: Self.key)
      return Dictionary(uniqueKeysWithValues: learner.validation(&state, Self.batch(x, classes), Self.pass(7)).map { ($0.name, $0.value) })
    }
    let (even, fixed) = (try terms(0, bias: 0), try terms(0, bias: 50))
    let most = Double(Float(4).logarithm)
    #expect(abs(even["selection_entropy_nats", default: 0] - most) < 1e-5 && abs(even["batch_entropy_nats", default: 0] - most) < 1e-5)
    #expect(fixed["selection_entropy_nats", default: 1] < 1e-5 && fixed["batch_entropy_nats", default: 1] < 1e-5)
    // Sure of each item, but not of the same module for all.
    let varied = try terms(60, bias: 0)
    #expect(varied["selection_entropy_nats", default: 9] < 0.3 && varied["batch_entropy_nats", default: 0] > 0.6)
  }

  // MARK: Settings

  @Test(
    "a configuration that names no network is refused with field, given and expected",
    arguments: [
      (#"{"modules": []}"#, "modules", "0 layers", "1 to 16 layers"), (#"{"modules": [3, 0]}"#, "modules[1]", "0", "1 to 4096"),
      (#"{"modules": [3, 2, 2]}"#, "units", "1 layers", "2, one fewer than modules"), (#"{"units": [0]}"#, "units[0]", "0", "1 to 65536"),
      (#"{"slots": 0}"#, "slots", "0", "1 to 64"),
      (#"{"slots": 9, "selection": "top_k"}"#, "slots", "9", "1 to 8, the modules of the smallest layer"),
    ])
  func refusals(_ text: String, _ field: String, _ given: String, _ expected: String) throws {
    let configuration = try StrictJSON.decode(Modular.Configuration.self, from: Array(text.utf8))
    let fault = #expect(throws: Fault.self) { try Self.model(configuration) }
    #expect(fault == Fault(field: field, given: given, expected: expected))
  }

  @Test("a model without classes, or of one, is refused")
  func classless() {
    let none = #expect(throws: Fault.self) { try Modular(.init(), signature: .vector(3), key: Self.key) }
    #expect(none?.field == "signature.classes")
    #expect(throws: Fault.self) { try Self.model(.init(), classes: 1) }
  }

  @Test("a method that the configuration has no use for is refused, as are numbers out of bounds")
  func methods() throws {
    let (slots, gates) = (try Self.model(.init()), try Self.model(.init(slots: 2, selection: .topK)))
    for method in [Modular.TrainingOptions.Method.em, .reinforce] { try slots.check(.init(method: method)) }
    try gates.check(.init(method: .noisyTopK))
    #expect(
      #expect(throws: Fault.self) { try slots.check(.init(method: .noisyTopK)) }
        == Fault(field: "method", given: "noisy_top_k", expected: "em or reinforce, for a configuration whose selection is slots"))
    #expect(#expect(throws: Fault.self) { try gates.check(.init(method: .em)) }?.expected.hasPrefix("noisy_top_k") == true)
    let samples = #expect(throws: Fault.self) { try slots.check(.init(method: .em, samples: 1)) }
    #expect(samples == Fault(field: "samples", given: "1", expected: "2 to 1000"))
    #expect(#expect(throws: Fault.self) { try slots.check(.init(method: .em, expectationEvery: 0)) }?.field == "e_step_every")
    #expect(#expect(throws: Fault.self) { try gates.check(.init(method: .noisyTopK, balance: -1)) }?.field == "balance")
  }
}

extension Float {
  fileprivate var exponential: Float { Tensor(self).exp().scalar }
  fileprivate var logarithm: Float { Tensor(self).log().scalar }
}
