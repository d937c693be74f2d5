package import Tensors

/// What a model takes, as its file has it: the space of its items, the classes that it knows, and what its training saw.
package struct Signature: Sendable, Equatable {
  package let space: Space
  /// Names of the classes that the model learnt from labels, in the order of its components; absent where it learnt none.
  package var classes: [String]?
  /// Of images, the least and the most that a number was in those that the model learnt from; absent where that is the whole range of the space.
  package var seen: ClosedRange<Float>? {
    get { ends.flatMap { $0.count == 2 && $0[0] <= $0[1] ? $0[0]...$0[1] : nil } }
    set { ends = newValue.map { [$0.lowerBound, $0.upperBound] } }
  }
  /// The same as a file has it, which may be no range; `check` refuses it then.
  private var ends: [Float]?
  /// Numbers an item.
  package let width: Int
  /// A member of the JSON that only other kinds of spaces have; `check` refuses it.
  private let stranger: String?

  package init(_ space: Space, classes: [String]? = nil, seen: ClosedRange<Float>? = nil) {
    self.init(space, classes: classes, ends: seen.map { [$0.lowerBound, $0.upperBound] }, stranger: nil)
  }

  private init(_ space: Space, classes: [String]?, ends: [Float]?, stranger: String?) {
    self.space = space
    self.classes = classes
    self.ends = ends
    self.stranger = stranger
    width = space.width
  }

  package static func image(height: Int, width: Int, channels: Int = 1, range: ClosedRange<Float> = 0...255) -> Signature {
    Signature(.image(ImageSpace(height: height, width: width, channels: channels, range: range)))
  }

  package static func vector(_ width: Int, scaling: Scaling? = nil) -> Signature { Signature(.vector(VectorSpace(width, scaling: scaling))) }

  package static func table(
    _ columns: [TableSpace.Column], scaling: Scaling? = nil, missing: [String]? = nil, ignored: [String]? = nil
  ) -> Signature {
    Signature(.table(TableSpace(columns, scaling: scaling, missing: missing, ignored: ignored)))
  }

  /// The same signature with every scaling in float32, as files of format 1 mean it.
  package var inSinglePrecision: Signature { Signature(space.inSinglePrecision, classes: classes, ends: ends, stranger: stranger) }

  /// The oldest format of model files that knows all of it.
  package var format: Int { ends == nil ? space.format : 4 }
}

// What is asked for wherever a signature is at hand.
extension Signature {
  package func toModel(_ raw: Tensor) -> Tensor { space.toModel(raw) }
  package func toRaw(_ model: Tensor) -> Tensor { space.toRaw(model) }
}

// MARK: - JSON: classes and what was seen beside the members of the space

extension Signature: Codable {
  private enum Key: String, CodingKey { case classes, seen }

  package init(from decoder: any Decoder) throws {
    let (space, members) = (try Space(from: decoder), try decoder.container(keyedBy: SettingKey.self))
    let stranger = try Space.strangers(to: space.kind).first { member in
      let key = SettingKey(stringValue: member.stringValue)
      return try members.contains(key) && !members.decodeNil(forKey: key)
    }
    let own = try decoder.container(keyedBy: Key.self)
    self.init(
      space, classes: try own.decodeIfPresent([String].self, forKey: .classes), ends: try own.decodeIfPresent([Float].self, forKey: .seen),
      stranger: stranger?.stringValue)
  }

  package func encode(to encoder: any Encoder) throws {
    try space.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encodeIfPresent(classes, forKey: .classes)
    try container.encodeIfPresent(ends, forKey: .seen)
  }
}

// MARK: - Checking

extension Signature {
  /// Refuses a signature that describes no item; file and recipe both go through here.
  package func check() throws(Fault) {
    if let stranger {
      throw Fault(
        field: "signature.\(stranger)", given: "there", expected: "no such field in a signature of kind \(space.kind.rawValue)")
    }
    try space.check("signature")
    try checkSeen()
    guard let classes else { return }
    func refuse(_ given: String, _ expected: String) -> Fault {
      Fault(field: "signature.classes", given: given, expected: expected)
    }
    guard (1...100_000).contains(classes.count) else { throw refuse("\(classes.count) classes", "from 1 to 100000") }
    var names: Set<String> = []
    for name in classes where !names.insert(name).inserted { throw refuse("\"\(name)\" twice", "names that differ") }
    if let name = classes.first(where: { $0.hasPrefix(Self.newCluster) }) {
      throw refuse("\"\(name)\"", "other names: components without a label are called so")
    }
  }

  private func checkSeen() throws(Fault) {
    guard let ends else { return }
    guard let range = space.picture?.range else { throw Fault(field: "signature.seen", given: "there", expected: "no such field: it is of images") }
    guard let seen else { throw Fault(field: "signature.seen", given: "\(ends)", expected: "the least number and the most") }
    guard range.lowerBound <= seen.lowerBound, seen.upperBound <= range.upperBound else {
      throw Fault(
        field: "signature.seen", given: "\(seen.lowerBound) to \(seen.upperBound)",
        expected: "within the range of the images, \(range.lowerBound) to \(range.upperBound)")
    }
  }

  /// Refuses a signature that describes no item, or one of other items than images, vectors, and tables of real numbers.
  package func checkRealNumbers() throws(Fault) {
    try check()
    switch space {
    case .image, .vector: break
    case .table(let table):
      guard let column = table.columns.first(where: { !$0.type.isLinear }) else { return }
      throw Fault(
        field: "signature.columns", given: "\(column.type.rawValue) for \"\(column.name)\"",
        expected: "real columns; the families mixture and vaeac take categories")
    case .tokens, .sequence, .product:
      throw Fault(
        field: "signature.kind", given: space.kind.rawValue, expected: "image, table or vector: this family takes real numbers")
    }
  }
}
