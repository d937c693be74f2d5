import Families
import Formats
import Foundation
import HTTP
import ModelFiles
import Modelling
import Networks
import Service
import Tensors
import Testing

@Suite("Texts over HTTP")
struct TextServiceTests {
  private static let alphabet = "abcdefgh \n\u{E9}"

  /// A model of texts of at most 300 characters and one of images.
  private func fixture(lanes: Int = 2, limits: ServiceLimits = ServiceLimits()) throws -> ServiceFixture {
    let fixture = try ServiceFixture(lanes: lanes, limits: limits, models: false)
    let signature = Signature(.tokens(TokenSpace(Vocabulary(of: Self.alphabet), atMost: 50)))
    var model = try CharLSTM(.init(hidden: 9, layers: 2, longest: 300), signature: signature, key: RandomKey(seed: 1))
    model.network = model.network.mapping { $1 * 10 }
    try fixture.publish(ModelFile.encode(model, provenance: Provenance(seed: 1)), as: "text")
    let image = try VAE(.init(latent: 2, hidden: [4]), signature: .image(height: 2, width: 3), key: RandomKey(seed: 1))
    try fixture.publish(ModelFile.encode(image, provenance: Provenance(seed: 1)), as: "image")
    return fixture
  }

  private func texts(_ exchange: Exchange) throws -> [String] { try #require(try exchange.member("texts")).elements.compactMap(\.string) }

  @Test("samples are texts of the length that was asked for, one of them also plain text, and fewer are the first of more")
  func samples() async throws {
    let fixture = try fixture()
    let three = try await fixture.post("/v1/models/text/sample", json: #"{"n": 3, "length": 40, "seed": 5}"#)
    #expect(three.status == 200, "\(three.text)")
    let found = try texts(three)
    #expect(found.count == 3 && found.allSatisfy { $0.unicodeScalars.count == 40 } && Set(found).count == 3)
    let one = try await fixture.post("/v1/models/text/sample?length=40&seed=5", [], type: "", accept: "text/plain")
    #expect(one.status == 200 && one.text == found[0] && one.headers["Content-Type"]?.hasPrefix("text/plain") == true)
    let short = try await texts(fixture.post("/v1/models/text/sample", json: #"{"length": 11, "seed": 5}"#))
    #expect(short == [String(found[0].unicodeScalars.prefix(11))])
    let usual = try await texts(fixture.post("/v1/models/text/sample", json: #"{"seed": 5}"#))
    #expect(usual[0].unicodeScalars.count == 200)
    let several = try await fixture.post("/v1/models/text/sample", json: #"{"n": 2}"#, accept: "text/plain")
    #expect(several.status == 406, "\(several.text)")
  }

  @Test("a prompt is gone on with, and what answers doesn't repeat it")
  func prompts() async throws {
    let fixture = try fixture()
    func next(_ text: String, _ length: Int) async throws -> String {
      try await texts(
        fixture.post("/v1/models/text/sample", json: #"{"temperature": 0, "length": \#(length), "given": {"text": "\#(text)"}}"#))[0]
    }
    let whole = try await next("abc", 12)
    let beginning = "abc" + String(whole.unicodeScalars.prefix(5)).replacing("\n", with: "\\n")
    #expect(try await next(beginning, 7) == String(whole.unicodeScalars.dropFirst(5)))
    let query = try await fixture.post(
      "/v1/models/text/sample?temperature=0&length=12&given=%7B%22text%22%3A%22abc%22%7D", [], type: "", accept: "text/plain")
    #expect(query.text == whole)
  }

  @Test("texts of any length are scored in nats and bits per character, exactly, alone as among others, as text, as JSON and as codes")
  func scores() async throws {
    let fixture = try fixture()
    let long = String(repeating: "abc\\u00e9 hgf", count: 33)
    let together = try await fixture.post("/v1/models/text/score", json: #"{"texts": ["a", "bad cab", "\#(long)"], "k": 9999, "seed": 1}"#)
    #expect(together.status == 200, "\(together.text)")
    #expect(try together.member("kinds") == .record(["nats": .string("exact")]))
    let items = try #require(try together.member("items")).elements
    #expect(items.count == 3)
    for (text, item) in zip(["a", "bad cab", String(repeating: "abc\u{E9} hgf", count: 33)], items) {
      guard case .number(let nats)? = item[name: "nats"], case .number(let bits)? = item[name: "bits_per_character"] else {
        Issue.record("\(together.text)")
        return
      }
      #expect(abs(bits + nats / (Double(text.unicodeScalars.count) * log(2))) < 1e-5)
      let alone = try await fixture.post("/v1/models/text/score", Array(text.utf8), type: "text/plain; charset=utf-8")
      #expect(try #require(try alone.member("items")).elements == [item], "\(alone.text)")
    }
    let codes = try await fixture.post("/v1/models/text/score", json: #"{"inputs": [[2, null, null], [3, 2, 5]]}"#)
    #expect(try #require(try codes.member("items")).elements[0] == items[0], "\(codes.text)")
    let table = try await fixture.post("/v1/models/text/score", json: #"{"texts": ["a"]}"#, accept: "text/csv")
    #expect(table.text.hasPrefix("nats,bits_per_character\r\n"))
  }

  @Test("a text's score, code and sample have the same bytes in blocks, on one lane or four, and among strangers at once")
  func sameBytes() async throws {
    var fine = ServiceLimits()
    fine.blockRows = 2
    let (coarse, cut) = (try fixture(lanes: 1), try fixture(lanes: 4, limits: fine))
    let texts = (0..<14).map { "\"" + String(repeating: ["ab", "c", "h gf"][$0 % 3], count: 1 + $0) + "\"" }
    let requests = [
      ("score", "{\"seed\": 1, \"texts\": [\(texts.joined(separator: ","))]}"),
      ("encode", "{\"seed\": 1, \"texts\": [\(texts.joined(separator: ","))]}"),
      ("sample", #"{"seed": 1, "n": 9, "length": 50}"#), ("sample", #"{"seed": 1, "n": 5, "length": 30, "given": {"text": "bad"}}"#),
      ("sample", #"{"seed": 2, "n": 5, "length": 30, "given": {"text": "cab"}}"#), ("score", #"{"seed": 1, "texts": ["h"]}"#),
    ]
    var expected: [[UInt8]] = []
    for (path, body) in requests {
      let answer = try await coarse.post("/v1/models/text/\(path)", json: body)
      #expect(answer.status == 200, "\(answer.text)")
      expected.append(answer.body)
    }
    try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
      for round in 0..<40 {
        let (path, body) = requests[round % requests.count]
        group.addTask { (round % requests.count, try await cut.post("/v1/models/text/\(path)", json: body).body) }
      }
      for try await (place, body) in group { #expect(body == expected[place], "\(requests[place])") }
    }
  }

  @Test("layers are encoded as points: what the network remembers of a text")
  func codes() async throws {
    let answer = try await fixture().post("/v1/models/text/encode", json: #"{"texts": ["a", "abc"]}"#)
    #expect(answer.status == 200, "\(answer.text)")
    let layers = try #require(try answer.member("layers")).elements
    #expect(layers.count == 2 && layers.allSatisfy { $0[name: "kind"] == .string("point") })
    for layer in layers { #expect(layer[name: "values"]?.elements.map(\.elements.count) == [9, 9]) }
  }

  private static let refused: [(path: String, body: String, field: String, words: String)] = [
    ("text/score", #"{"texts": ["ab", "abXc"]}"#, "texts[1][2]", "\"X\" (U+0058)"),
    ("text/score", #"{"texts": [""]}"#, "texts[0]", "0 characters"),
    ("text/score", "{\"texts\": [\"\(String(repeating: "a", count: 301))\"]}", "texts[0]", "301 characters"),
    ("text/score", #"{"texts": []}"#, "texts", "no item"),
    ("text/score", #"{"texts": "ab"}"#, "texts", "an array of texts"),
    ("text/score", #"{"texts": ["a", 5]}"#, "texts[1]", "expected a text"),
    ("text/score", #"{"rows": [{"a": 1}]}"#, "rows", "texts of at most 300 characters"),
    ("text/score", #"{"texts": ["a"], "inputs": [[1]]}"#, "texts", "expected one of them"),
    ("text/score", #"{"seed": 1}"#, "texts", "needs items: texts"),
    ("text/score", #"{"inputs": [[0, null, 1]]}"#, "inputs[0][1]", "is missing"),
    ("text/score", #"{"inputs": [[0, 1], [null, null]]}"#, "inputs[1][0]", "is missing"),
    ("text/score", #"{"inputs": [[0, 11]]}"#, "inputs[0][1]", "whole number from 0 to 10"),
    ("text/sample", #"{"given": {"text": "ab\u00e4"}}"#, "given.text[2]", "\"ä\" (U+00E4)"),
    ("text/sample", #"{"given": {"text": ""}}"#, "given.text", "0 characters"),
    ("text/sample", #"{"given": {"label": "b"}}"#, "given.label", "no class"),
    ("text/sample", #"{"length": 0}"#, "length", "1 to 300"),
    ("text/sample", #"{"length": 301}"#, "length", "1 to 300"),
    ("text/sample", #"{"n": 10000, "length": 300}"#, "n", "expected 1 to 3495"),
    ("text/sample", #"{"temperature": -0.1}"#, "temperature", "0"),
    ("image/sample", #"{"given": {"text": "a"}}"#, "given.text", "images of shape [2, 3]"),
    ("image/sample", #"{"length": 5}"#, "length", "images of shape [2, 3]"),
    ("image/score", #"{"texts": ["a"]}"#, "texts", "images of shape [2, 3]"),
  ]

  @Test("what fits no text is refused with its field", arguments: refused)
  func refusals(_ path: String, _ body: String, _ field: String, _ words: String) async throws {
    let answer = try await fixture().post("/v1/models/\(path)", json: body)
    #expect(answer.status == 422 && answer.text.contains(words.replacing("\"", with: "\\\"")), "\(answer.text)")
    #expect(try answer.member("field")?.string == field, "\(answer.text)")
  }

  @Test("many short texts beside a long one are refused where their rows would be too large together")
  func manyTexts() async throws {
    var limits = ServiceLimits()
    limits.inputCharacters = 1000
    let fixture = try fixture(limits: limits)
    let long = String(repeating: "a", count: 100)
    func score(_ short: Int) async throws -> Exchange {
      try await fixture.post("/v1/models/text/score", json: "{\"texts\": [\"\(long)\"\(String(repeating: ", \"b\"", count: short))]}")
    }
    #expect(try await score(9).status == 200)
    let refused = try await score(10)
    #expect(refused.status == 422 && refused.text.contains("11 texts, the longest of 100 characters"), "\(refused.text)")
  }

  @Test("bodies that hold no text are refused by their type, a temperature that is no number by name")
  func bodies() async throws {
    let fixture = try fixture()
    for (type, status) in [("application/x-npy", 415), ("application/octet-stream", 415), ("text/csv", 415), ("image/png", 415)] {
      let answer = try await fixture.post("/v1/models/text/score", Array("abc".utf8), type: type)
      #expect(answer.status == status && answer.text.contains("texts of at most 300 characters"), "\(type): \(answer.text)")
    }
    #expect(try await fixture.post("/v1/models/image/score", Array("abc".utf8), type: "text/plain").status == 415)
    let bytes = try await fixture.post("/v1/models/text/score", [0x61, 0xFF], type: "text/plain")
    #expect(bytes.status == 400 && bytes.text.contains("UTF-8"), "\(bytes.text)")
    for value in ["nan", "inf", "-1", "warm"] {
      let answer = try await fixture.post("/v1/models/text/sample?temperature=\(value)", [], type: "")
      #expect([400, 422].contains(answer.status) && answer.text.contains("temperature"), "\(value): \(answer.text)")
    }
    let zero = try await fixture.post("/v1/models/text/sample?temperature=0&length=9", [], type: "")
    #expect(zero.status == 200)
  }

  @Test("recorded texts replay to the same bytes", arguments: ["sample", "score"])
  func replays(_ path: String) async throws {
    let fixture = try fixture()
    let body = path == "sample" ? #"{"n": 2, "length": 30, "given": {"text": "abc"}, "record": true}"# : #"{"texts": ["a", "cab\n"], "record": true}"#
    let answer = try await fixture.post("/v1/models/text/\(path)", json: body)
    #expect(answer.status == 200, "\(answer.text)")
    let run = try #require(answer.headers["Posterior-Run"])
    let replay = try await fixture.exchange(.post, "/v1/runs/\(run)/replay")
    #expect(try replay.member("equal") == .bool(true), "\(replay.text)")
  }
}
