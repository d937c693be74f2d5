package import Formats
internal import Foundation
package import Modelling

/// What a model file says about its model: the JSON text under `posterior` in the container's metadata.
///
///     {"format": 2, "family": "vae", "configuration": {...}, "signature": {...}, "provenance": {...}}
///
/// `provenance` may be absent, and `check` (`ModelCheck`) may be there; every other field is needed, and a field that is not known is refused. Under
/// format 1 numbers of a table are shifted and scaled in float32, under format 2 in double precision; tables that need nothing of format 2, and all
/// other items, are written under format 1. Format 3 has what `OlderFormats` tells, format 4 what of images training saw.
package struct ModelDescription: Sendable, Equatable {
  /// The versions of this description that are read.
  static let formats = 1...4
  /// Where it stands in the container's metadata.
  static let metadataKey = "posterior"

  package let family: String
  /// The family's own JSON, not looked into yet.
  package let configuration: JSONValue
  package let signature: Signature
  package let provenance: Provenance
  /// Only of files from elsewhere.
  let check: ModelCheck?

  init(of model: any ModelFamily, provenance: Provenance) throws(ModelFileError) {
    family = type(of: model).name
    configuration = try JSONValue(sorting: model.configuration, at: "configuration")
    signature = model.signature
    self.provenance = provenance
    check = nil
  }

  /// Reads and checks everything but the configuration, which is the family's to judge.
  init(in file: SafeTensors) throws(ModelFileError) {
    let place = Self.metadataKey
    guard let text = file.metadata[place] else {
      throw ModelFileError(
        .notAModel, "__metadata__", given: "without \"\(place)\"", expected: "the description of the model as JSON under \"\(place)\"")
    }
    let fields: Fields
    do {
      let document = try JSONValue(parsing: Array(text.utf8))
      // Before the other fields, which another format may name otherwise.
      if let format = document["format"], !Self.formats.map(JSONValue.integer).contains(format) {
        throw ModelFileError(.unknownFormat, "\(place).format", given: format.kind, expected: "1 to 4, which this build reads")
      }
      fields = try StrictJSON.decode(Fields.self, from: document)
    } catch let error as JSONError {
      throw ModelFileError(.metadata, in: place, error)
    } catch let error as ModelFileError {
      throw error
    } catch {
      throw ModelFileError(.metadata, place, given: "\(error)", expected: "the description of a model")
    }
    let signature = fields.format == 1 ? fields.signature.inSinglePrecision : fields.signature
    guard fields.format >= signature.format else {
      let (given, expected) = (fields.format, signature.format)
      throw ModelFileError(
        .unknownFormat, "\(place).format", given: "\(given)", expected: "\(expected): the signature has what format \(given) does not know")
    }
    try Self.check(signature, fields.provenance)
    family = fields.family
    configuration = OlderFormats.configuration(fields.configuration, format: fields.format, isTrainedHere: fields.provenance?.isOfTraining == true)
    self.signature = signature
    provenance = fields.provenance ?? Provenance()
    check = fields.check
  }

  private struct Fields: Decodable {
    let format: Int
    let family: String
    let configuration: JSONValue
    let signature: Signature
    let provenance: Provenance?
    let check: ModelCheck?
  }

  private static func check(_ signature: Signature, _ provenance: Provenance?) throws(ModelFileError) {
    try check(signature)
    if let seed = provenance?.seed, seed < 0 {
      throw ModelFileError(.metadata, "\(metadataKey).provenance.seed", given: "\(seed)", expected: "a whole number from 0 on")
    }
  }

  static func check(_ signature: Signature) throws(ModelFileError) {
    do {
      try signature.check()
    } catch {
      throw ModelFileError(.signature, "\(metadataKey).\(error.field)", given: error.given, expected: error.expected)
    }
  }

  /// The text that a file holds: fields in the documented order, below them names sorted, no spaces.
  func text() throws(ModelFileError) -> String {
    let document = JSONValue.object([
      .init(name: "format", value: .integer(max(signature.format, OlderFormats.format(of: configuration)))),
      .init(name: "family", value: .string(family)),
      .init(name: "configuration", value: configuration),
      .init(name: "signature", value: try JSONValue(sorting: signature, at: "signature")),
      .init(name: "provenance", value: try JSONValue(sorting: provenance, at: "provenance")),
    ])
    return String(decoding: document.text, as: UTF8.self)
  }

  /// The configuration for people: one field a line, arrays of plain values on one line.
  package var configurationText: String { configuration.indented() }
}

extension JSONValue {
  /// A value as JSON with all names sorted, so that equal values have equal texts.
  fileprivate init(sorting value: some Encodable, at field: String) throws(ModelFileError) {
    let place = "\(ModelDescription.metadataKey).\(field)"
    do {
      self = try JSONValue(parsing: Array(JSONEncoder().encode(value))).sorted
    } catch let error as JSONError {
      throw ModelFileError(error.reason == .tooLarge ? .tooLarge : .metadata, in: place, error)
    } catch {
      throw ModelFileError(.metadata, place, given: "\(error)", expected: "a value that JSON can hold")
    }
  }
}
