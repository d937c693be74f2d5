import Formats
import Foundation
import Modelling
import Tensors
import Testing

@Suite("Every space")
struct SpaceLaws {
  /// A space, its JSON in model files with all names sorted, and two items in raw units.
  struct Case: CustomTestStringConvertible, Sendable {
    let space: Space
    let json: String
    let items: [[Float]]
    var testDescription: String { json }
  }

  static let letters = Vocabulary(["a", "b", "\n", "é"])

  static let cases = [
    Case(
      space: .image(ImageSpace(height: 2, width: 2)), json: #"{"kind":"image","range":[0,255],"shape":[2,2]}"#,
      items: [[0, 17, 128, 255], [255, 1, 2, 3]]),
    Case(
      space: .image(ImageSpace(height: 1, width: 2, channels: 3, range: 0...1)), json: #"{"kind":"image","range":[0,1],"shape":[1,2,3]}"#,
      items: [[0, 0.25, 0.5, 0.75, 1, 0], [1, 1, 0, 0, 1, 0]]),
    Case(space: .vector(VectorSpace(3)), json: #"{"kind":"vector","shape":[3]}"#, items: [[0.5, -2, 100], [.nan, 3, 0]]),
    Case(
      space: .vector(VectorSpace(2, scaling: Scaling(offset: [1], scale: [4]))),
      json: #"{"kind":"vector","scaling":{"offset":[1],"scale":[4]},"shape":[2]}"#, items: [[3, 5], [-7, 1]]),
    Case(
      space: .table(
        TableSpace(
          [
            .init(name: "dose", type: .positive, maximum: 8), .init(name: "visits", type: .count), .init(name: "ill", type: .binary),
            .categorical("ward", ["east", "west"]),
          ], scaling: Scaling(offset: [1, 0, 0, 0], scale: [0.5, 1, 1, 1]), missing: ["?"])),
      json: #"{"columns":[{"maximum":8,"name":"dose","type":"positive"},{"name":"visits","type":"count"},"#
        + #"{"categories":["0","1"],"name":"ill","type":"binary"},{"categories":["east","west"],"name":"ward","type":"categorical"}],"#
        + #""kind":"table","missing":["?"],"scaling":{"offset":[1,0,0,0],"scale":[0.5,1,1,1]}}"#,
      items: [[8, 3, 1, 0], [.nan, 0, .nan, 1]]),
    Case(
      space: .table(
        TableSpace(
          [
            .init(name: "year", type: .whole, observed: [1950, 2003]),
            .init(name: "price", type: .real, form: NumberForm(decimal: ",", thousands: ".", suffix: " €", decimals: 2)),
            .init(name: "day", type: .date, dates: DateForm("dd.MM.yyyy")),
          ], scaling: Scaling(exactOffset: [1980, 0.1, 19_000], scale: [11, 2, 30]), ignored: ["id"])),
      json: #"{"columns":[{"name":"year","observed":[1950,2003],"type":"whole"},"#
        + #"{"form":{"decimal":",","decimals":2,"suffix":" €","thousands":"."},"name":"price","type":"real"},"#
        + #"{"dates":"dd.MM.yyyy","name":"day","type":"date"}],"#
        + #""ignored":["id"],"kind":"table","scaling":{"offset":[1980,0.1,19000],"scale":[11,2,30]}}"#,
      items: [[1980, 3, 19_500], [.nan, 0.5, 18_000], [2003, .nan, .nan]]),
    Case(
      space: .tokens(TokenSpace(letters, atMost: 3)), json: #"{"at_most":3,"kind":"tokens","vocabulary":["a","b","\n","é"]}"#,
      items: [[0, 3, 1], [2, .nan, .nan]]),
    Case(
      space: .sequence(SequenceSpace(of: .image(ImageSpace(height: 1, width: 2, channels: 1)), atMost: 2)),
      json: #"{"at_most":2,"kind":"sequence","of":{"kind":"image","range":[0,255],"shape":[1,2]}}"#,
      items: [[0, 1, 254, 255], [9, 8, .nan, .nan]]),
    Case(
      space: .product(
        ProductSpace([
          .init("source", .tokens(TokenSpace(letters, atMost: 2))),
          .init("point", .vector(VectorSpace(1, scaling: Scaling(offset: [1], scale: [2])))),
        ])),
      json: #"{"kind":"product","parts":[{"name":"source","space":{"at_most":2,"kind":"tokens","vocabulary":["a","b","\n","é"]}},"#
        + #"{"name":"point","space":{"kind":"vector","scaling":{"offset":[1],"scale":[2]},"shape":[1]}}]}"#,
      items: [[0, 1, 5], [3, .nan, -3]]),
  ]

  private static func text(_ value: some Encodable) throws -> String {
    String(decoding: try JSONValue(parsing: Array(JSONEncoder().encode(value))).sorted.text, as: UTF8.self)
  }

  @Test("comes back from JSON, whose text is that of model files", arguments: cases)
  func json(_ example: Case) throws {
    var signature = Signature(example.space)
    #expect(try Self.text(signature) == example.json)
    func decoded(_ text: String) throws -> Signature {
      let decoded = try StrictJSON.decode(Signature.self, from: Array(text.utf8))
      return example.space.format == 1 ? decoded.inSinglePrecision : decoded
    }
    #expect(try decoded(example.json) == signature)
    signature.classes = ["cat", "dog"]
    #expect(try decoded(Self.text(signature)) == signature)
  }

  @Test("takes items of its width, gives them back from model units, and accepts what comes back", arguments: cases)
  func units(_ example: Case) throws {
    let space = example.space
    #expect(throws: Never.self) { try Signature(space).check() }
    #expect(example.items.allSatisfy { $0.count == space.width } && space.shape.reduce(1, *) == space.width)
    #expect(space.names.map(\.count) ?? space.width == space.width)
    let raw = Tensor(rows: example.items)
    #expect(space.firstRefused(in: raw) == nil)
    let back = space.toRaw(space.toModel(raw))
    #expect(back.shape == raw.shape && space.firstRefused(in: back) == nil)
    for (sent, received) in zip(raw.scalars, back.scalars) {
      #expect(sent.isNaN ? received.isNaN : abs(sent - received) <= 1e-5 * max(1, abs(sent)))
    }
    #expect(space.bounded(raw).scalars.map(\.bitPattern) == raw.scalars.map(\.bitPattern))
  }

  @Test("names the first number that it refuses, and the item at the origin of model units is one of its own", arguments: cases)
  func refusal(_ example: Case) {
    let space = example.space
    for index in 0..<space.width {
      var item = example.items[0]
      item[index] = .infinity
      #expect(space.firstRefused(in: Tensor(rows: [example.items[1], item])) == space.width + index)
      #expect(!space.accepts(.infinity, at: index) && !space.expectation(at: index).isEmpty)
    }
    #expect(space.firstRefused(in: space.bounded(space.toRaw(.zeros([1, space.width])))) == nil)
  }

  @Test("counts the volume of its real numbers", arguments: cases)
  func volumes(_ example: Case) {
    let model = example.space.toModel(Tensor(rows: example.items))
    let volumes = example.space.logVolumes(model)
    let step: Float = 0.001
    let (up, down) = (example.space.toRaw(model + step), example.space.toRaw(model - step))
    // Colours of a pixel stand together in raw units and apart in model units: the volumes are compared in the model's order.
    let slopes = example.space.toModel(example.space.toRaw(model))
    #expect(slopes.shape == volumes.shape)
    guard example.space.picture?.channels != 3 else { return }
    for index in 0..<model.count where !model.scalars[index].isNaN {
      let place = index % example.space.width
      switch example.space.type(at: place) {
      // What comes back is a whole number or day, the density is that of the numbers between them.
      case .whole, .date: #expect(volumes.scalars[index].isFinite)
      case .real:
        #expect(abs((up.scalars[index] - down.scalars[index]) / (2 * step) - exp(volumes.scalars[index])) < 0.01 * exp(volumes.scalars[index]))
      case .positive:
        // A bound cuts the step up.
        let slope = (example.space.toRaw(model).scalars[index] - down.scalars[index]) / step
        #expect(abs(slope - exp(volumes.scalars[index])) < 0.01 * exp(volumes.scalars[index]))
      case .count, .ordinal, .categorical, .binary: #expect(volumes.scalars[index] == 0)
      }
    }
  }

  @Test("of a member of another kind is refused by the member's name, unless that is null")
  func strangers() throws {
    let signature = try StrictJSON.decode(Signature.self, from: Array(#"{"kind":"vector","shape":[2],"vocabulary":["a","b"]}"#.utf8))
    let error = #expect(throws: Fault.self) { try signature.check() }
    #expect(error?.field == "signature.vocabulary" && error?.given == "there")
    let harmless = try StrictJSON.decode(Signature.self, from: Array(#"{"kind":"vector","shape":[2],"columns":null}"#.utf8))
    #expect(harmless == .vector(2))
  }

  @Test(
    "that describes no item is refused by field",
    arguments: [
      (Space.tokens(TokenSpace(Vocabulary(["a"]), atMost: 3)), "signature.vocabulary"),
      (.tokens(TokenSpace(Vocabulary(["a", "bc"]), atMost: 3)), "signature.vocabulary[1]"),
      (.tokens(TokenSpace(Vocabulary(["a", "b", "a"]), atMost: 3)), "signature.vocabulary[2]"),
      (.tokens(TokenSpace(Vocabulary(["a", ""]), atMost: 3)), "signature.vocabulary[1]"),
      (.tokens(TokenSpace(Vocabulary(["a", "b"]), atMost: 0)), "signature.at_most"),
      (.sequence(SequenceSpace(of: .vector(VectorSpace(0)), atMost: 3)), "signature.of.shape"),
      (.sequence(SequenceSpace(of: .vector(VectorSpace(3)), atMost: 0)), "signature.at_most"),
      (.sequence(SequenceSpace(of: .image(ImageSpace(height: 4096, width: 4096)), atMost: 1_000_000)), "signature.of.shape"),
      (.sequence(SequenceSpace(of: .vector(VectorSpace(1_000_000)), atMost: 1_000_000)), "signature.at_most"),
      (.product(ProductSpace([])), "signature.parts"),
      (.product(ProductSpace([.init("a", .vector(VectorSpace(1))), .init("a", .vector(VectorSpace(1)))])), "signature.parts[1].name"),
      (
        .product(ProductSpace([.init("a", .vector(VectorSpace(1))), .init("b", .image(ImageSpace(height: 0, width: 1)))])),
        "signature.parts[1].space.shape"
      ),
    ])
  func impossible(_ space: Space, _ field: String) {
    let error = #expect(throws: Fault.self) { try Signature(space).check() }
    #expect(error?.field == field)
  }

  @Test("takes items of its like, whatever their scaling, and of no other kind")
  func likes() {
    for (index, example) in Self.cases.enumerated() {
      for (other, likeness) in Self.cases.enumerated() { #expect(example.space.takesItems(of: likeness.space) == (index == other)) }
    }
    #expect(Space.vector(VectorSpace(2)).takesItems(of: .vector(VectorSpace(2, scaling: Scaling(offset: [1], scale: [4])))))
    #expect(!Space.tokens(TokenSpace(Vocabulary(["a", "c"]), atMost: 3)).takesItems(of: .tokens(TokenSpace(Vocabulary(["a", "b"]), atMost: 3))))
  }
}
