package import Tensors

/// What an item is: how many numbers it has, which values they may have, and how raw values, as clients send and receive them, become a model's.
///
/// A new kind is one case here and one file beside it, a type that is an `ItemSpace`.
package enum Space: Sendable, Hashable {
  /// Pixels.
  case image(ImageSpace)
  /// Named columns, of numbers or categories.
  case table(TableSpace)
  /// A plain row of numbers.
  case vector(VectorSpace)
  /// A text: characters of a vocabulary.
  case tokens(TokenSpace)
  /// Several items of one space in order, such as the images of a video.
  indirect case sequence(SequenceSpace)
  /// Named parts, such as a sentence and its translation.
  case product(ProductSpace)

  package enum Kind: String, Sendable, Codable, CaseIterable { case image, table, vector, tokens, sequence, product }

  package var kind: Kind {
    switch self {
    case .image: .image
    case .table: .table
    case .vector: .vector
    case .tokens: .tokens
    case .sequence: .sequence
    case .product: .product
    }
  }

  private var item: any ItemSpace {
    switch self {
    case .image(let space): space
    case .table(let space): space
    case .vector(let space): space
    case .tokens(let space): space
    case .sequence(let space): space
    case .product(let space): space
    }
  }
}

// What every kind has; see `ItemSpace`.
extension Space {
  package var width: Int { item.width }
  package var shape: [Int] { item.shape }
  package var names: [String]? { item.names }
  package var summary: String { item.summary }
  package var logVolume: Float { item.logVolume }
  package func logVolumes(_ model: Tensor) -> Tensor { item.logVolumes(model) }
  package var scaling: Scaling? { item.scaling }
  package var bitsName: String { item.bitsName }
  package func scaling(at index: Int) -> (offset: Float, scale: Float) { item.scaling(at: index) }
  package func exactScaling(at index: Int) -> (offset: Double, scale: Double)? { item.exactScaling(at: index) }
  package func type(at index: Int) -> TableSpace.Column.Kind { item.type(at: index) }
  package func categories(at index: Int) -> [String]? { item.categories(at: index) }
  package func bounds(at index: Int) -> Bounds { item.bounds(at: index) }
  package func accepts(_ value: Float, at index: Int) -> Bool { item.accepts(value, at: index) }
  package func expectation(at index: Int) -> String { item.expectation(at: index) }
  package func firstRefused(in raw: Tensor) -> Int? { item.firstRefused(in: raw) }
  package func toModel(_ raw: Tensor) -> Tensor { item.toModel(raw) }
  package func toRaw(_ model: Tensor) -> Tensor { item.toRaw(model) }
  func check(_ field: String) throws(Fault) { try item.check(field) }

  /// The smallest and largest raw value of a number; nil where it has none.
  package typealias Bounds = (minimum: Float?, maximum: Float?)

  /// Raw rows with every number moved into its bounds, as far as rounding took it out of them; a missing one stays so: [n, width].
  package func bounded(_ raw: Tensor) -> Tensor {
    let bounds = (0..<width).map(bounds)
    return Tensor(
      shape: raw.shape,
      scalars: raw.scalars.enumerated().map { index, value in
        let (minimum, maximum) = bounds[index % bounds.count]
        return min(max(value, minimum ?? -.infinity), maximum ?? .infinity)
      })
  }

  /// Whether items of another space can be given as items of this one, whatever the scalings, ranges and names of both.
  package func takesItems(of other: Space) -> Bool {
    if case .tokens(let own) = self, case .tokens(let others) = other { return own.vocabulary == others.vocabulary }
    return kind == other.kind && shape == other.shape
  }
}

// The kinds that some code is particular to.
extension Space {
  /// What an item shows where it is a picture; nil for other kinds.
  package var picture: Picture? { if case .image(let space) = self { space.picture } else { nil } }

  package var table: TableSpace? { if case .table(let space) = self { space } else { nil } }

  package var tokens: TokenSpace? { if case .tokens(let space) = self { space } else { nil } }

  /// The same rows under another scaling; spaces of other items, whose values have units of their own, stay as they are.
  package func scaled(by scaling: Scaling) -> Space {
    switch self {
    case .table(let space): .table(TableSpace(space.columns, scaling: scaling, missing: space.missing, ignored: space.ignored))
    case .vector(let space): .vector(VectorSpace(space.width, scaling: scaling))
    case .image, .tokens, .sequence, .product: self
    }
  }

  /// The same space with every scaling in float32, as files of format 1 mean it.
  package var inSinglePrecision: Space {
    switch self {
    case .table(let space):
      .table(TableSpace(space.columns, scaling: space.scaling?.inSinglePrecision, missing: space.missing, ignored: space.ignored))
    case .sequence(let space): .sequence(SequenceSpace(of: space.element.inSinglePrecision, atMost: space.atMost))
    case .product(let space): .product(ProductSpace(space.parts.map { .init($0.name, $0.space.inSinglePrecision) }))
    case .image, .vector, .tokens: self
    }
  }

  /// The format that a file needs to say what this space is: 2 where it says something that builds before 0.3 don't know.
  package var format: Int {
    switch self {
    case .table(let space): space.isOfFirstFormat ? 1 : 2
    case .sequence(let space): space.element.format
    case .product(let space): space.parts.map(\.space.format).max() ?? 1
    case .image, .vector, .tokens: 1
    }
  }

  /// Whether an item is a row of numbers or categories with names of their own.
  package var isRow: Bool {
    switch self {
    case .table, .vector: true
    case .image, .tokens, .sequence, .product: false
    }
  }
}

// MARK: - JSON: the kind beside the members of that kind's own type

extension Space: Codable {
  private enum Key: String, CodingKey { case kind }

  /// Members in JSON that other kinds have and this one hasn't.
  static func strangers(to kind: Kind) -> [any CodingKey] {
    func members<Item: ItemSpace>(_: Item.Type) -> [any CodingKey] { Array(Item.CodingKeys.allCases) }
    func members(_ kind: Kind) -> [any CodingKey] {
      switch kind {
      case .image: members(ImageSpace.self)
      case .table: members(TableSpace.self)
      case .vector: members(VectorSpace.self)
      case .tokens: members(TokenSpace.self)
      case .sequence: members(SequenceSpace.self)
      case .product: members(ProductSpace.self)
      }
    }
    let own = Set(members(kind).map(\.stringValue))
    return Kind.allCases.flatMap(members).filter { !own.contains($0.stringValue) }
  }

  package init(from decoder: any Decoder) throws {
    switch try decoder.container(keyedBy: Key.self).decode(Kind.self, forKey: .kind) {
    case .image: self = .image(try ImageSpace(from: decoder))
    case .table: self = .table(try TableSpace(from: decoder))
    case .vector: self = .vector(try VectorSpace(from: decoder))
    case .tokens: self = .tokens(try TokenSpace(from: decoder))
    case .sequence: self = .sequence(try SequenceSpace(from: decoder))
    case .product: self = .product(try ProductSpace(from: decoder))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(kind, forKey: .kind)
    try item.encode(to: encoder)
  }
}
