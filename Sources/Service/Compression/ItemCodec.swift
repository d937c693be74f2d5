internal import Coding
internal import Formats
package import Modelling

/// How a model's items are coded.
package enum ItemCodec: Sendable {
  /// Images and vectors, each number one of the model's levels.
  case levels(any Compressing)
  /// Rows of tables, each cell on its column's decimal grid.
  case rows(any TableCompressing)

  /// - Returns: nil for a model of a family without codecs.
  /// - Throws: where the family has some and this model has none.
  init?(_ model: any ModelFamily) throws(Fault) {
    let leveled = Capability.compressing.of(model)
    if let leveled, (try? leveled.levels()) != nil {
      self = .levels(leveled)
      return
    }
    if model.signature.space.table != nil, let rows = Capability.tableCompressing.of(model) {
      _ = try rows.rowCoding()
      self = .rows(rows)
      return
    }
    guard let leveled else { return nil }
    _ = try leveled.levels()
    self = .levels(leveled)
  }

  /// Whether models of the family may have one.
  static func isOffered(by family: any ModelFamily.Type) -> Bool {
    Capability.compressing.isOffered(by: family) || Capability.tableCompressing.isOffered(by: family)
  }

  /// Whether models of the family have one that have this configuration, as JSON, and items of such a signature.
  static func isOffered(by family: any ModelFamily.Type, configuration: [UInt8], signature: Signature) -> Bool {
    if let leveled = family as? any Compressing.Type, (try? leveled.lackOfCodecs(inConfiguration: configuration)) == .some(nil) { return true }
    guard signature.space.table != nil, let rows = family as? any TableCompressing.Type else { return false }
    return (try? rows.lackOfRowCodecs(inConfiguration: configuration)) == .some(nil)
  }

  /// As many items as a chunk may have.
  func mostItems(of signature: Signature) -> Int { BitsLimits(for: signature).items }

  /// Items of a chunk where nobody says: what stands before rows is told once a chunk.
  func usualItems(of signature: Signature) -> Int {
    min(keepsRows ? 65_536 : 4096, max(1, mostItems(of: signature) / 8))
  }

  /// Bytes that a number takes while its chunk is coded or read.
  var numberBytes: Int {
    switch self {
    // As it came, its symbol, twice in model units, and what the model makes of it.
    case .levels: 40
    // Its text and its double as they came, its symbol, and what is compared: rows, places and bytes.
    case .rows: 160
    }
  }

  /// Whether items come back from a stream as they were sent, texts and doubles, and not as a model's numbers.
  package var keepsRows: Bool { if case .rows = self { true } else { false } }

  /// Media types that items are answered in, the default first.
  func mediaTypes(_ signature: Signature) -> [MediaType] {
    keepsRows ? [.json, .csv, .npy] : MediaType.ofItems(signature).filter { $0 != .arrow }
  }
}

extension Compressing {
  fileprivate static func lackOfCodecs(inConfiguration json: [UInt8]) throws -> Fault? {
    lackOfCodecs(in: try StrictJSON.decode(Configuration.self, from: json))
  }
}

extension TableCompressing {
  fileprivate static func lackOfRowCodecs(inConfiguration json: [UInt8]) throws -> Fault? {
    lackOfRowCodecs(in: try StrictJSON.decode(Configuration.self, from: json))
  }
}
