internal import Coding
internal import Formats
package import Modelling
internal import Tensors

/// What models do with streams of items.
///
/// These are no kinds of `ModelRequest`, because the bits of an item depend on the items before it: chunks, not rows, are computed apart.
package enum BitsOperation: String, CaseIterable, Sendable {
  case compress, decompress

  package var name: String { rawValue }

  package var summary: String {
    switch self {
    case .compress: "Writes items, or rows of a table, without loss in as many bits as the model's bound says, by bits back coding."
    case .decompress: "Reads back the items of a stream that compress wrote, value for value: all of them, or some."
    }
  }

  package var fields: [SettingField] {
    switch self {
    case .compress: CompressOptions.table.fields
    case .decompress: DecompressOptions.table.fields
    }
  }

  package static var names: [String] { allCases.map(\.name) }

  /// Whether some models of the family can.
  package static func isOffered(by family: any ModelFamily.Type) -> Bool { ItemCodec.isOffered(by: family) }

  /// Whether models of the family can that have this configuration, as JSON, and items of such a signature.
  package static func isOffered(by family: any ModelFamily.Type, configuration: [UInt8], signature: Signature) -> Bool {
    ItemCodec.isOffered(by: family, configuration: configuration, signature: signature)
  }

  /// Whether this model can.
  static func isOffered(by model: any ModelFamily) -> Bool { (try? ItemCodec(model)) != nil }

  /// How a model's items are coded.
  /// - Throws: `Problem` where the model has no codec, whatever the options; `Fault` where this processor computes other numbers than others do.
  package func codec(of model: LoadedModel) throws -> ItemCodec {
    let codec: ItemCodec?
    do { codec = try ItemCodec(model.family) } catch { throw refusal(by: model, "This model can't \(name): its \(error)") }
    guard let codec else { throw refusal(by: model, "The family \(type(of: model.family).name) can't \(name)") }
    try Self.checkProcessor()
    return codec
  }

  private func refusal(by model: LoadedModel, _ reason: String) -> Problem {
    let possible = model.requestNames
    let able = possible.joined(separator: ", ")
    return Problem(
      .unsupportedOperation, "\(reason); it can \(able).", given: name, expected: able,
      members: [.init(name: "operations", value: .strings(possible))])
  }

  /// Products and sums that are rounded once are the same everywhere; those that are rounded twice are others, and so would be the streams.
  package static func checkProcessor(_ instructionSet: String = Machine.instructionSet) throws(Fault) {
    guard instructionSet != Machine.portable else {
      throw Fault(
        field: "processor", given: "one without fused multiply-add, on which the model computes other numbers than elsewhere",
        expected: "x86-64 with AVX2 and FMA, or arm64: streams are read where they were not written")
    }
  }
}

extension MediaType {
  /// A stream of items.
  package static let bits = Self(BitsHeader.mediaType)
}
