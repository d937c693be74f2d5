package import Formats
package import Models
internal import Registry

/// A model that is ready to answer, and what its answers say about it.
package struct LoadedModel: Sendable {
  package let family: any ModelFamily
  package let digest: Digest
  /// The registered name and version; nil for a file that isn't registered.
  package let registered: Registration?

  package struct Registration: Sendable, Equatable {
    package let name: String
    package let version: Int

    package init(name: String, version: Int) {
      self.name = name
      self.version = version
    }
  }

  package init(family: any ModelFamily, digest: Digest, registered: Registration? = nil) {
    self.family = family
    self.digest = digest
    self.registered = registered
  }

  /// Reads a model file; with `expecting`, a file of other bytes is refused before anything in it is believed.
  package static func load(
    path: String, families: [any ModelFamily.Type] = Catalogue.families, expecting: Digest? = nil, registered: Registration? = nil
  ) throws -> LoadedModel {
    let digest = try SHA256.digest(ofFile: path)
    if let expecting, digest != expecting { throw StoreError.corruptBlob(path: path, digest: expecting) }
    return LoadedModel(family: try ModelFile.load(path: path, families: families).model.packed(), digest: digest, registered: registered)
  }

  package var signature: Signature { family.signature }

  /// Operations of this model, by name.
  package var operations: [Operation] { Operation.all.filter { $0.isSupported(type(of: family)) } }

  /// The same weights under another name.
  func named(_ registered: Registration?) -> LoadedModel { LoadedModel(family: family, digest: digest, registered: registered) }
}
