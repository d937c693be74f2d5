import Coding
import Families
import FamilyExamples
import Formats
import Modelling
import Tensors
import Testing

/// Laws of every family with codecs for its items, over small models of random weights.
@Suite("Compression laws", .serialized)
struct CompressionTests {
  private static let examples = FamilyExample.all.filter { example in
    (try? example.model() as? any Compressing).flatMap { try? $0.levels() } != nil
  }

  /// Random items of the model's levels: [n, width] as clients send them.
  private func raw(_ example: FamilyExample, _ levels: Levels, _ count: Int) -> Tensor {
    let width = example.signature.width
    let draws = RandomKey(seed: 5).uniform([count, width]).scalars
    let symbols = draws.map { min(Int($0 * Float(levels.count)), levels.count - 1) }
    return levels.raw((0..<count).map { Array(symbols[$0 * width..<($0 + 1) * width]) })
  }

  private func chain(_ example: FamilyExample) throws -> ItemChain {
    try ItemChain(try #require(try example.model() as? any Compressing))
  }

  private func start(_ chain: ItemChain) throws -> Message {
    try Message(.lanes(ItemChain.lanes), startingWords: chain.startingWords, key: 9)
  }

  @Test("There is an example of every likelihood that has a codec")
  func likelihoods() throws {
    let kinds = try Set(
      Self.examples.compactMap { example -> String? in
        guard let model = try example.model() as? any LatentCompressing else { return nil }
        return switch try model.likelihoods(given: .zeros([1, model.codeWidth]))[0] {
        case .bernoulli: "bernoulli"
        case .betaBinomial: "beta_binomial"
        case .discretisedLogistic: "discretised_logistic"
        }
      })
    #expect(kinds == ["bernoulli", "beta_binomial", "discretised_logistic"])
  }

  @Test("A configuration says whether its models have a codec")
  func configurations() throws {
    for example in FamilyExample.all {
      guard let model = try example.model() as? any Compressing else { continue }
      #expect((try? ItemChain(model)) != nil || isLacking(model), "\(example)")
      #expect((try? ItemChain(model)) == nil || !isLacking(model), "\(example)")
    }
  }

  private func isLacking<Model: Compressing>(_ model: Model) -> Bool { Model.lackOfCodecs(in: model.configuration) != nil }

  @Test("Items come back value for value, and the message is what it was", arguments: examples)
  func roundTrip(_ example: FamilyExample) throws {
    let chain = try chain(example)
    let raw = raw(example, chain.levels, 60)
    let items = try chain.levels.symbols(of: raw)
    let start = try start(chain)
    var message = start
    try chain.of(60).push(items, onto: &message)
    let popped = try chain.of(60).pop(from: &message)
    #expect(popped == items && message == start)
    #expect(chain.levels.raw(popped).scalars == raw.scalars)
  }

  @Test("A chain of two parts, and one on any number of threads, has the same bits", arguments: examples)
  func sameBits(_ example: FamilyExample) throws {
    let chain = try chain(example)
    let items = try chain.levels.symbols(of: raw(example, chain.levels, 130))
    defer { Parallelism.width = 1 }
    Parallelism.width = 1
    var whole = try start(chain)
    try chain.of(130).push(items, onto: &whole)
    for threads in [1, 2, 3] {
      Parallelism.width = threads
      for cut in [1, 64, 130] {
        var parts = try start(chain)
        // The last item is pushed first.
        try chain.of(130 - cut).push(Array(items[cut...]), onto: &parts)
        try chain.of(cut).push(Array(items[..<cut]), onto: &parts)
        #expect(parts == whole, "\(cut) items apart on \(threads) threads")
      }
    }
  }

  @Test("A chain is as long as the bound of its items says, to a hundredth", arguments: examples)
  func codeLength(_ example: FamilyExample) throws {
    let chain = try chain(example)
    let count = max(300, 60_000 / example.signature.width)
    let items = try chain.levels.symbols(of: raw(example, chain.levels, count))
    let start = try start(chain)
    var message = start
    try chain.of(count).push(items, onto: &message)
    let draws = 20
    var nats = 0.0
    for draw in 0..<draws {
      let bounds = chain.of(count).bounds(items, keys: RowKeys(RandomKey(seed: UInt64(draw)), rows: 0..<count))
      nats -= bounds.reduce(0, +) / Double(draws)
    }
    let bound = nats / 0.693147180559945309
    let bits = message.bits - start.bits
    #expect(abs(bits - bound) < 0.01 * bound, "\(bits) bits, the bound is \(bound)")
  }

  @Test("A model of images of any size codes those of other sizes than it learnt from", arguments: [(1, 1), (7, 2), (40, 67), (97, 64)])
  func anySize(_ height: Int, _ width: Int) throws {
    let example = try #require(FamilyExample.all.first { $0.family == HiLLoC.name })
    let model = try #require(try example.model() as? any Compressing)
    let chain = try ItemChain(model, of: .image(height: height, width: width, channels: 3))
    let count = 12
    let symbols = RandomKey(seed: 6).uniform([count, 3 * height * width]).scalars.map { Int($0 * 256) }
    let items = (0..<count).map { Array(symbols[$0 * 3 * height * width..<($0 + 1) * 3 * height * width]) }
    let start = try start(chain)
    defer { Parallelism.width = 1 }
    var messages: [Message] = []
    for threads in [1, 3] {
      Parallelism.width = threads
      var message = start
      try chain.of(count).push(items, onto: &message)
      messages.append(message)
      #expect(try chain.of(count).pop(from: &message) == items && message == start)
    }
    #expect(messages[0] == messages[1])
    // Random bytes under a logistic as wide as all of them.
    let bound = -chain.of(count).bounds(items, keys: RowKeys(RandomKey(seed: 1), rows: 0..<count)).reduce(0, +) / 0.693147180559945309
    #expect(height * width < 100 || abs(messages[0].bits - start.bits - bound) < 0.02 * bound)
  }

  @Test("Items of another size are refused where a model takes its own alone, and of other channels everywhere")
  func otherSizes() throws {
    for example in Self.examples {
      let model = try #require(try example.model() as? any Compressing)
      guard let picture = example.signature.space.picture else { continue }
      let larger = Signature.image(height: picture.height + 1, width: picture.width, channels: picture.channels, range: picture.range)
      let chain = try? ItemChain(model, of: larger)
      #expect((chain != nil) == model.takesAnySize)
      #expect(throws: Fault.self) { try ItemChain(model, of: .image(height: picture.height, width: picture.width, channels: 4 - picture.channels)) }
    }
  }

  @Test("A number that is no level is refused by its place", arguments: examples)
  func strangers(_ example: FamilyExample) throws {
    let levels = try chain(example).levels
    let width = example.signature.width
    for stranger in [Float.nan, 0.5, -1, 256, .infinity] {
      var scalars = raw(example, levels, 3).scalars
      scalars[2 * width - 1] = stranger
      let last = example.signature.space.shape.map { "[\($0 - 1)]" }.joined()
      #expect { try levels.symbols(of: Tensor(shape: [3, width], scalars: scalars), first: 10) } throws: { error in
        (error as? Fault)?.field == "items[11]\(last)"
      }
    }
  }

  @Test("Models whose prior or likelihood has no codec are refused")
  func refusals() throws {
    func refusal(_ configuration: String) throws -> String? {
      let configuration = try StrictJSON.decode(VAE.Configuration.self, from: Array(configuration.utf8))
      let model = try VAE(configuration, signature: .image(height: 2, width: 2), key: RandomKey(seed: 1))
      do { _ = try model.levels() } catch { return error.field }
      return nil
    }
    #expect(try refusal(#"{"latent": 2, "likelihood": "gaussian"}"#) == "likelihood")
    #expect(try refusal(#"{"latent": 2, "likelihood": "laplace"}"#) == "likelihood")
    #expect(try refusal(#"{"latent": 2, "prior": "mixture", "prior_components": 3}"#) == "prior")
    #expect(try refusal(#"{"latent": 2}"#) == nil)
  }
}
