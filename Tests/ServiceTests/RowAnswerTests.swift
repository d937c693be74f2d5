import Formats
import Modelling
import Service
import Tensors
import Testing

/// A model whose items are words.
protocol Spelling: ModelFamily {
  func spell(_ keys: RowKeys, length: Int) -> [String]
}

extension ToyFamily: Spelling {
  func spell(_ keys: RowKeys, length: Int) -> [String] {
    let letters = keys.split("letters").uniform(length).scalars
    return (0..<keys.count).map { row in
      String(letters[row * length..<(row + 1) * length].map { Character(UnicodeScalar(UInt8(97 + $0 * 26))) })
    }
  }
}

extension Capability where Able == any Spelling {
  static var spelling: Self { Self(by: { $0 is any Spelling.Type }, of: { $0 as? any Spelling }) }
}

/// Words: a text a row, made of no item.
struct SpellRequest: ModelRequest {
  var n = 1
  var length = 5
  var seed: Int?
  var firstItem = 0

  static let (name, summary, items) = ("spell", "Draws words.", ItemRole.references)
  static var capability: Capability<any Spelling> { .spelling }
  static let table = Table<Self> {
    Setting("n", \.n, in: 1...100, ofRows: false, "How many words.")
    Setting("length", \.length, in: 1...20, "Letters of a word.")
    Setting.seed
  }

  func rowCount(_ items: Items) -> Int { n }
  func answerWidth(_ model: any Spelling) -> Int { length }
  func mediaTypes(_ model: any Spelling) -> [MediaType] { n == 1 ? [.json, .text] : [.json] }
  func compute(_ model: any Spelling, _ rows: Rows) -> RowAnswers { .texts(model.spell(rows.keys, length: length)) }

  func answer(_ found: RowAnswers, to items: Items, from model: any Spelling) -> Answer {
    guard case .texts(let texts) = found.content else { preconditionFailure("words were computed") }
    return Answer(texts: texts)
  }
}

/// What there is to say of items: a number and a document a row.
struct DescribeRequest: ModelRequest {
  var seed: Int?
  var firstItem = 0

  static let (name, summary, items) = ("describe", "Describes items.", ItemRole.rows)
  static var capability: Capability<any Spelling> { .spelling }
  static let table = Table<Self> { Setting.seed }

  func answerWidth(_ model: any Spelling) -> Int { 1 }
  func mediaTypes(_ model: any Spelling) -> [MediaType] { [.json, .floats] }

  func compute(_ model: any Spelling, _ rows: Rows) -> RowAnswers {
    let words = model.spell(rows.keys, length: 3)
    return RowAnswers(rows.items.rowSums().reshaped([rows.keys.count, 1]), .documents(words.map { .record(["word": .string($0)]) }))
  }

  func answer(_ found: RowAnswers, to items: Items, from model: any Spelling) -> Answer {
    guard case .documents(let documents) = found.content else { preconditionFailure("documents were computed") }
    return Answer(found.numbers, members: [.init(name: "items", value: .array(documents))])
  }
}

@Suite("Answers that are not numbers alone")
struct RowAnswerTests {
  private let model: LoadedModel

  init() throws {
    let family = try ToyFamily(.init(latent: 2), signature: .vector(3), key: RandomKey(seed: 5))
    model = LoadedModel(family: family, digest: SHA256.digest([1]))
  }

  private func words(_ json: String) throws -> any CheckedRequest {
    try RequestKind(SpellRequest.self).ask(SentRequest(body: Array(json.utf8), contentType: .json), of: model, limits: ServiceLimits())
  }

  @Test("a text an item comes as texts in JSON, and one alone as plain text")
  func texts() throws {
    let asked = try words(#"{"n": 3, "seed": 1}"#)
    let json = try JSONValue(parsing: asked.perform().bytes(as: .json, receipt: asked.receipt))
    let texts = json["texts"]?.elements.compactMap(\.string) ?? []
    #expect(texts.count == 3 && texts.allSatisfy { $0.count == 5 } && Set(texts).count == 3)
    #expect(asked.mediaTypes == [.json])
    let single = try words(#"{"seed": 1}"#)
    #expect(single.mediaTypes == [.json, .text])
    #expect(try single.perform().bytes(as: .text, receipt: single.receipt) == Array(texts[0].utf8))
    #expect(try single.perform().pieces(as: .text, receipt: single.receipt).flatMap { $0 } == Array(texts[0].utf8))
    #expect(throws: Problem.self) { try asked.perform().bytes(as: .text, receipt: asked.receipt) }
  }

  @Test("texts and documents are the same alone, in blocks, and in batches with strangers")
  func batches() async throws {
    var (limits, policy) = (ServiceLimits(), BatchPolicy())
    limits.blockRows = 2
    (policy.maxRows, policy.maxDelay, policy.targetSeconds) = (7, .milliseconds(20), 1e6)
    let batcher = Batcher(width: 2, capacity: 100, policy: policy)
    let requests = try (0..<24).map { index -> any CheckedRequest in
      if index % 3 == 0 {
        let body = Array(#"{"inputs": [[1, 2, \#(index)], [0, 1, 2], [5, 5, 5]], "seed": \#(index)}"#.utf8)
        return try RequestKind(DescribeRequest.self).ask(SentRequest(body: body, contentType: .json), of: model, limits: limits)
      }
      return try words(#"{"n": \#(1 + index % 5), "length": \#(3 + index % 2), "seed": \#(index)}"#)
    }
    let answers = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
      for (index, request) in requests.enumerated() {
        group.addTask { (index, try await batcher.perform(request) { try $0.bytes(as: .json, receipt: request.receipt) }) }
      }
      return try await group.reduce(into: [Int: [UInt8]]()) { $0[$1.0] = $1.1 }
    }
    for (index, request) in requests.enumerated() {
      #expect(try answers[index] == request.perform().bytes(as: .json, receipt: request.receipt))
    }
    let document = try JSONValue(parsing: #require(answers[3]))
    #expect(document["items"]?.elements.count == 3 && document["items"]?.elements[0]["word"]?.string?.count == 3)
  }

  @Test("a model is asked only for what it can, also for a kind of request that no table lists")
  func offers() throws {
    let other = LoadedModel(
      family: try ToyLadder(.init(), signature: .vector(3), key: RandomKey(seed: 5)), digest: SHA256.digest([2]))
    #expect(throws: Problem.self) { try RequestKind(SpellRequest.self).checkOffer(by: other) }
    try RequestKind(SpellRequest.self).checkOffer(by: model)
  }
}
