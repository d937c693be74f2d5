package import Networks
package import Tensors

/// A kind of generative model: how it is configured, what its network is, and, through the capability protocols it adopts, what it can do.
///
/// A new family is one file in `Families/` and one sorted line in `Catalogue`.
package protocol ModelFamily: Sendable {
  associatedtype Configuration: Settings
  associatedtype Network: Module

  /// The name in model files, recipes and answers.
  static var name: String { get }
  /// What it is, in one sentence.
  static var summary: String { get }

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
  /// What there is to say of every field of the configuration.
  package static var configurationFields: [SettingField] { Configuration.table.fields }

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
