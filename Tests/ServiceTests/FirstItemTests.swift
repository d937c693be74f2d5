import FamilyExamples
import Formats
import HTTP
import ModelFiles
import Modelling
import Registry
import Service
import Tensors
import Testing

@Suite("Parts of a whole")
struct FirstItemTests {
  private static let count = 7
  private static let cuts = [[0, 7], [0, 3, 7], [0, 1, 2, 7], [0, 6, 7]]

  @Test("any cut of the items, each part with its first_item, gives each item the bytes that it has in the whole", arguments: FamilyExample.all)
  func catalogue(_ example: FamilyExample) throws {
    let model = LoadedModel(family: try example.model(), digest: SHA256.digest(Array(example.description.utf8)))
    for kind in model.requestKinds {
      let whole = try found(kind, example, model, 0..<Self.count)
      #expect(!whole.isEmpty && whole.count == Self.count, "\(kind.name)")
      for cut in Self.cuts {
        let parts = try zip(cut, cut.dropFirst()).flatMap { try found(kind, example, model, $0..<$1) }
        #expect(parts == whole, "\(kind.name), \(cut)")
      }
      // Without its number a part is a whole of its own: where anything is drawn, the law is put to the test.
      if kind.name == "sample" { #expect(try found(kind, example, model, 3..<5, firstItem: 0) != Array(whole[3..<5])) }
    }
  }

  /// What is found of some of the items: the bits of every number, and what stands beside them.
  private func found(
    _ kind: RequestKind, _ example: FamilyExample, _ model: LoadedModel, _ rows: Range<Int>, firstItem: Int? = nil
  ) throws -> [String] {
    var options = ["seed": "5", "first_item": "\(firstItem ?? rows.lowerBound)"]
    switch kind.name {
    case "cluster": options["draws"] = "2"
    case "decode":
      // Codes without a scale or probabilities are what they are.
      let isDrawn = model.codes?.layers.allSatisfy { !$0.spread.isEmpty } ?? true
      (options["sampling"], options["mean"]) = ("\(isDrawn)", "false")
    case "impute" where example.signature.space.picture != nil: options["mask"] = "random:0.5"
    case "reconstruct": options["sampling"] = "true"
    case "sample": options["n"] = "\(rows.count)"
    case "score": options["k"] = "3"
    default: break
    }
    let asked = try kind.ask(sent(kind, example, model, rows, options), of: model, limits: ServiceLimits())
    let answers = try asked.compute(0..<asked.count)
    let width = answers.numbers.shape[1]
    return (0..<answers.count).map { row in
      let numbers = answers.numbers.scalars[row * width..<(row + 1) * width].map(\.bitPattern)
      let beside =
        switch answers.content {
        case .none: ""
        case .texts(let texts): texts[row]
        case .bytes(let bytes): "\(bytes[row])"
        case .documents(let documents): "\(documents[row])"
        }
      return "\(numbers) \(beside)"
    }
  }

  /// Texts of different lengths come as JSON, other items as numbers.
  private func sent(
    _ kind: RequestKind, _ example: FamilyExample, _ model: LoadedModel, _ rows: Range<Int>, _ options: [String: String]
  ) throws -> SentRequest {
    let asText = options.map { SentRequest.Option(name: $0.key, value: $0.value) }
    guard kind.items != .references else { return SentRequest(options: asText) }
    let items = kind.rows(items(example, holed: kind.items == .completed), count: Self.count, of: model)
    guard let space = example.signature.space.tokens else {
      var body: [UInt8] = []
      FloatBytes.append(items.slice(0, rows).scalars, to: &body)
      return SentRequest(body: body, contentType: .floats, options: asText)
    }
    let texts = rows.map { row in space.text(of: items.slice(0, row..<row + 1).scalars.prefix(1 + row % space.atMost)) }
    let values = try options.map { name, text in
      JSONValue.Member(name: name, value: try #require(kind.fields.first { $0.name == name }).schema.value(of: text))
    }
    return SentRequest(body: JSONValue.object(values + [.init(name: "texts", value: .strings(texts))]).text, contentType: .json)
  }

  /// In raw units; every item lacks a number where items are completed.
  private func items(_ example: FamilyExample, holed: Bool) -> Tensor {
    let raw = example.signature.toRaw(example.items(Self.count))
    let (width, range) = (raw.shape[1], example.signature.space.picture?.range)
    return Tensor(
      shape: raw.shape,
      scalars: raw.scalars.enumerated().map { place, value in
        // The way to model units and back may round past the range's end.
        holed && place % width == 0 ? .nan : range.map { min(max(value, $0.lowerBound), $0.upperBound) } ?? value
      })
  }

  @Test("parts of a table are streamed, receipted and replayed with their numbers")
  func http() async throws {
    let fixture = try ServiceFixture()
    func sample(_ n: Int, _ first: Int, accept: String = "application/octet-stream") async throws -> Exchange {
      try await fixture.post("/v1/models/pictures/sample?n=\(n)&seed=5&first_item=\(first)", [], type: "", accept: accept)
    }
    let whole = try await sample(64, 0)
    let (start, rest) = (try await sample(40, 0), try await sample(24, 40))
    #expect(whole.status == 200 && start.body + rest.body == whole.body)
    #expect(whole.headers["Posterior-First-Item"] == nil && rest.headers["Posterior-First-Item"] == "40")
    let json = try await fixture.post("/v1/models/pictures/sample", json: #"{"n": 2, "seed": 5, "first_item": 40}"#)
    #expect(try json.member("first_item") == .integer(40))
    #expect(try await sample(2, 0, accept: "application/json").member("first_item") == nil)

    let id = try #require(json.headers["Posterior-Run"])
    fixture.application.recorder.flush()
    let replay = try await fixture.exchange(.post, "/v1/runs/\(id)/replay")
    #expect(try replay.member("equal") == .bool(true), "\(replay.text)")
  }

  @Test("the number of the first item is bounded", arguments: ["-1", "9007199254740993", "1.5"])
  func refused(number: String) async throws {
    let fixture = try ServiceFixture()
    let answer = try await fixture.post("/v1/models/pictures/sample", json: #"{"first_item": \#(number)}"#)
    #expect(answer.status == 422, "\(answer.text)")
    #expect(try answer.member("field")?.string == "first_item")
  }

  // MARK: - Audits

  private static let attack = #"{"budgets": [0.2], "steps": 4, "restarts": 2, "margins": true}"#

  private func audit(_ fixture: ServiceFixture, _ rows: Range<Int>, attack: String = attack, others: String = "") async throws -> Exchange {
    let levels = RandomKey(seed: 3).uniform([4, 20]).scalars.map { Int($0 * 255) }
    let items = rows.map { item in "[" + (0..<20).map { "\(levels[item * 20 + $0])" }.joined(separator: ",") + "]" }.joined(separator: ",")
    return try await fixture.post(
      "/v1/models/pictures/robustness",
      json: #"{"seed": 4, "first_item": \#(rows.lowerBound), "inputs": [\#(items)], "attack": \#(attack)\#(others)}"#)
  }

  @Test("an audit of a part says of each item what the audit of the whole does, under the number that it has there, and is done again alike")
  func audits() async throws {
    let fixture = try ServiceFixture()
    let whole = try await audit(fixture, 0..<4).member("items")?.elements ?? []
    try #require(whole.count == 4)
    let part = try await audit(fixture, 2..<4)
    #expect(try part.member("items")?.elements == Array(whole[2..<4]), "\(part.text)")
    #expect(whole[3]["item"] == .integer(3))
    #expect(try part.member("first_item") == .integer(2))

    let id = try #require(part.headers["Posterior-Run"])
    #expect(try fixture.store.run(id).description.parameters["first_item"] == "2")
    let model = try LoadedModel.load(
      path: fixture.store.resolve("pictures").path, families: fixture.application.options.families, registered: .init(name: "pictures", version: 1))
    let kept = try await audit(fixture, 2..<4, others: #", "record": true"#)
    let run = try fixture.store.run(try #require(kept.headers["Posterior-Run"]))
    #expect(try AuditRequest.replay(of: run, on: model, in: fixture.store).isEqual)
  }

  @Test("an attack towards targets needs them where its items are a part")
  func targets() async throws {
    let fixture = try ServiceFixture()
    let attack = #"{"objective": "latent", "budgets": [0.2], "steps": 4, "restarts": 1, "margins": false}"#
    let refused = try await audit(fixture, 2..<4, attack: attack)
    #expect(refused.status == 422, "\(refused.text)")
    #expect(try refused.member("field")?.string == "targets")
    #expect(try await audit(fixture, 0..<2, attack: attack).status == 200)
  }
}
