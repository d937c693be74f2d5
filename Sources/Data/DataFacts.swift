package import Formats
internal import Modelling
internal import Tensors

/// What a set of items is, in a few facts: enough to choose how to learn from it, and to show it to people.
package struct DataFacts: Codable, Sendable, Equatable {
  package enum Kind: String, Codable, Sendable { case table, images, vectors, texts, sequences }

  package let kind: Kind
  package let count: Int
  /// Extents of an item; of texts none.
  package let shape: [Int]
  /// Of what was read, as recordings of a training have it.
  package let digest: Digest
  /// Of images: whether all pixels are black or white, and whether they are whole levels.
  package let isBlackAndWhite: Bool?
  package let hasLevels: Bool?
  /// Of images: black and white.
  package let range: [Float]?
  /// Of a table, column by column.
  package let columns: [Column]?
  /// What a user should know of how the items were read, a sentence each.
  package let notes: [String]

  package struct Column: Codable, Sendable, Equatable {
    package let name: String
    /// nil where nothing is learnt from it.
    package let type: String?
    package let reason: String
    package let observed: Int
    package let missing: Int
  }

  private enum CodingKeys: String, CodingKey {
    case kind, count, shape, digest, range, columns, notes
    case isBlackAndWhite = "black_and_white"
    case hasLevels = "levels"
  }

  package init(of data: DataSet) {
    let space = data.signature.space
    kind =
      switch space {
      case .table: .table
      case .image: .images
      case .vector: .vectors
      case .tokens: .texts
      case .sequence, .product: .sequences
      }
    (count, digest, notes) = (data.count, data.digest, data.report?.notes ?? data.notes)
    shape = space.tokens == nil ? space.shape : []
    columns = data.report?.columns.map { Column(name: $0.name, type: $0.type, reason: $0.reason, observed: $0.observed, missing: $0.missing) }
    guard let picture = space.picture else {
      (isBlackAndWhite, hasLevels, range) = (nil, nil, nil)
      return
    }
    range = [picture.range.lowerBound, picture.range.upperBound]
    let pixels = data.raw(0..<min(data.count, Self.examined)).scalars
    isBlackAndWhite = pixels.allSatisfy { $0 == picture.range.lowerBound || $0 == picture.range.upperBound }
    hasLevels = picture.range == 0...255 && pixels.allSatisfy { $0 == $0.rounded() }
  }

  /// Images whose pixels are looked at.
  private static let examined = 200
}
