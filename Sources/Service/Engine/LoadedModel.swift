package import Formats
internal import ModelFiles
package import Modelling
internal import Networks
internal import Registry

/// A model that is ready to answer, and what its answers say about it.
package struct LoadedModel: Sendable {
  package let family: any ModelFamily
  package let digest: Digest
  /// Numbers that were learnt.
  package let parameterCount: Int
  /// The registered name and version; nil for a file that isn't registered.
  package let registered: Registration?
  /// How its codes stand in a row; nil where it decodes none.
  package let codes: CodeLayout?
  /// What it can be asked for, by name: each holds the model as what it has to be able to.
  let offers: [String: RequestKind.Offer]
  /// The names of what it can be asked for, audits and streams among it.
  package let requestNames: [String]
  private let residence: Residence

  package struct Registration: Sendable, Hashable {
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
    parameterCount = family.network.parameterCount
    self.registered = registered
    codes = CodeLayout(of: family)
    let offered = RequestKind.all.compactMap { kind in kind.offer(of: family).map { (kind.name, $0) } }
    offers = Dictionary(uniqueKeysWithValues: offered)
    let others =
      (AuditRequest.capability.of(family) == nil ? [] : [AuditRequest.name]) + (BitsOperation.isOffered(by: family) ? BitsOperation.names : [])
    requestNames = (offered.map(\.0) + others).sorted()
    residence = Residence()
  }

  private init(_ other: LoadedModel, registered: Registration?) {
    family = other.family
    digest = other.digest
    parameterCount = other.parameterCount
    (codes, offers, requestNames, residence) = (other.codes, other.offers, other.requestNames, other.residence)
    self.registered = registered
  }

  /// Reads a model file; with `expecting`, a file of other bytes is refused before anything in it is believed.
  package static func load(
    path: String, families: [any ModelFamily.Type], expecting: Digest? = nil, registered: Registration? = nil
  ) throws -> LoadedModel {
    let digest = try SHA256.digest(ofFile: path)
    if let expecting, digest != expecting { throw StoreError.corruptBlob(path: path, digest: expecting) }
    return try load(path: path, families: families, digest: digest, registered: registered)
  }

  /// Reads a model file whose digest is known.
  /// - Parameter isNew: whether the file is only about to be registered (`ModelFile.load`).
  package static func load(
    path: String, families: [any ModelFamily.Type], digest: Digest, registered: Registration? = nil, isNew: Bool = false
  ) throws -> LoadedModel {
    // Loading needs the network twice, once as it was initialised.
    defer { Residence.returnMemorySoon() }
    return LoadedModel(
      family: try ModelFile.load(path: path, families: families, isNew: isNew).model.packed(), digest: digest, registered: registered)
  }

  package var signature: Signature { family.signature }

  /// What it can be asked for, sorted by name.
  package var requestKinds: [RequestKind] { RequestKind.all.filter { offers[$0.name] != nil } }

  /// The same weights under another name.
  func named(_ registered: Registration?) -> LoadedModel { LoadedModel(self, registered: registered) }
}
