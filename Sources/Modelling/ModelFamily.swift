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
  static var purpose: FamilyPurpose { get }

  var configuration: Configuration { get }
  var signature: Signature { get }
  var network: Network { get set }

  /// A model whose tensors are all from the source, by parts that have a source each; sizes need no check, since every network is counted first.
  init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault)
}

extension ModelFamily {
  /// A fresh model; its weights depend on the key alone.
  package init(_ configuration: Configuration, signature: Signature, key: RandomKey) throws(Fault) {
    _ = try Blueprint<Self>(configuration, signature: signature)
    try self.init(configuration, signature: signature, source: .drawing(key))
  }

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
