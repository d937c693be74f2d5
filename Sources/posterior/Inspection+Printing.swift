import Families
import Formats
import Foundation
import ModelFiles
import Modelling
import Service
import Tensors

extension Inspection {
  func print(digest: Digest) {
    Swift.print("digest      \(digest)")
    if let description {
      Swift.print("family      \(description.family)")
      if let parameterCount { Swift.print("parameters  \(parameterCount)") }
      Swift.print("operations  \(operations.joined(separator: ", "))")
      Swift.print("signature   \(Self.text(description.signature))")
      Swift.print("provenance  \(Self.text(description.provenance))")
      Swift.print("configuration \(description.configurationText)")
    }
    Swift.print("tensors     \(tensors.count), \(numberCount) numbers")
    TextTable(["NAME", "TYPE", "SHAPE"], tensors.map { [$0.name, $0.type.rawValue, "\($0.shape)"] }).print()
  }

  func json(digest: Digest) -> JSONValue {
    var members: [JSONValue.Member] = [.init(name: "digest", value: .string(digest.description))]
    if let description {
      members += [
        .init(name: "family", value: .string(description.family)),
        .init(name: "operations", value: .array(operations.map(JSONValue.string))),
        .init(name: "signature", value: Self.value(description.signature)), .init(name: "configuration", value: description.configuration),
        .init(name: "provenance", value: Self.value(description.provenance)),
      ]
    }
    members += [
      .init(name: "parameter_count", value: parameterCount.map(JSONValue.integer) ?? .null),
      .init(name: "number_count", value: .integer(numberCount)),
      .init(
        name: "tensors",
        value: .array(
          tensors.map {
            .object([
              .init(name: "name", value: .string($0.name)), .init(name: "type", value: .string($0.type.rawValue)),
              .init(name: "shape", value: .array($0.shape.dimensions.map(JSONValue.integer))),
            ])
          })),
      .init(name: "problem", value: problem.map { .string($0.description) } ?? .null),
    ]
    return .object(members)
  }

  private var operations: [String] {
    guard let description, let family = Catalogue.family(named: description.family) else { return [] }
    let streams =
      BitsOperation.isOffered(by: family, configuration: description.configuration.text, signature: description.signature)
      ? BitsOperation.names : []
    return (RequestKind.offered(by: family) { $0.isMet(description.signature) }.map(\.name) + streams).sorted()
  }

  private static func text(_ value: some Encodable) -> String { String(decoding: Self.value(value).text, as: UTF8.self) }

  /// A description part as JSON; `null` for one that JSON can't hold, which a loaded file's can't be.
  private static func value(_ value: some Encodable) -> JSONValue {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value), let parsed = try? JSONValue(parsing: Array(data)) else { return .null }
    return parsed
  }
}
