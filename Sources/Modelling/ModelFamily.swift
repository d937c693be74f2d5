package import Networks
package import Tensors

/// A kind of generative model: how it is configured, what its network is, and, through the capability protocols it adopts, what it can do.
///
/// A new family is one file in `Families/` and one sorted line in `Catalogue`.
package protocol ModelFamily: Sendable {
  associatedtype Configuration: Codable & Sendable
  associatedtype Network: Module

  /// The name in model files, recipes and answers.
  static var name: String { get }
  /// What it is, in one sentence.
  static var summary: String { get }
  /// Every field of the configuration, in the order that a reader wants.
  static var configurationFields: [ConfigurationField] { get }

  /// Scalars in the network's tensors, buffers included, worked out without building it, so that a file can't ask for more memory than it fills;
  /// nil where the number does not fit 64 bits.
  static func scalarCount(_ configuration: Configuration, signature: Signature) throws(Fault) -> Int?

  var configuration: Configuration { get }
  var signature: Signature { get }
  var network: Network { get set }

  /// A fresh model; its weights depend on the key alone.
  init(_ configuration: Configuration, signature: Signature, key: RandomKey) throws(Fault)
}

extension ModelFamily {
  /// The same model for answering requests, its matrices packed once; answers have the same bits.
  package consuming func packed() -> Self {
    network = network.packed()
    return self
  }

  /// The same model for many gradients with respect to items; they have the same bits as this one's.
  package consuming func packedBothWays() -> Self {
    network = network.packedBothWays()
    return self
  }

  /// Bytes that the weights take in memory.
  package var byteCount: Int { network.byteCount }
}

extension [any ModelFamily.Type] {
  /// The family of this name.
  package func named(_ name: String) -> (any ModelFamily.Type)? { first { $0.name == name } }
}

/// One documented field of a family's configuration.
package struct ConfigurationField: Sendable, Codable, Equatable {
  package let name: String
  /// A JSON type, or the choices.
  package let type: String
  /// The value that an absent field stands for, as JSON text; nil where the field is needed.
  package let `default`: String?
  package let summary: String

  package init(_ name: String, _ type: String, default: String? = nil, _ summary: String) {
    self.name = name
    self.type = type
    self.default = `default`
    self.summary = summary
  }
}

/// The type of a field that takes one of these.
package func choices<T: RawRepresentable<String>>(_ cases: [T]) -> String { cases.map(\.rawValue).joined(separator: " | ") }
