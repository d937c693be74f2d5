package import Formats

/// What a model file says about itself; the verifier of an upload reads it from the file.
package struct ModelFacts: Hashable, Sendable {
  /// The model file format's number.
  package let format: Int
  package let family: String
  /// JSON text.
  package let configuration: String
  /// JSON text.
  package let signature: String
  /// JSON text.
  package let provenance: String?
  package let parameterCount: Int

  package init(format: Int, family: String, configuration: String, signature: String, provenance: String?, parameterCount: Int) {
    self.format = format
    self.family = family
    self.configuration = configuration
    self.signature = signature
    self.provenance = provenance
    self.parameterCount = parameterCount
  }
}

/// One version of a model, and where its file is; only what people say about it, `description` and `tags`, ever changes.
package struct ModelVersion: Hashable, Sendable, Identifiable {
  package let name: String
  /// Counts from 1 and never repeats, also when a version was deleted.
  package let version: Int
  package let digest: Digest
  package let byteCount: Int
  package let createdAt: Timestamp
  package let facts: ModelFacts
  /// The model file; read-only.
  package let path: String
  package let description: String
  package let tags: [String: String]

  /// `name@3`.
  package var id: String { "\(name)@\(version)" }
}

/// A movable name of one version.
package struct Alias: Hashable, Sendable {
  package let name: String
  package let version: Int
  package let updatedAt: Timestamp
}

/// A model with all its versions (ascending) and aliases (by name).
package struct Model: Hashable, Sendable, Identifiable {
  package let name: String
  package let description: String
  package let tags: [String: String]
  package let createdAt: Timestamp
  package let versions: [ModelVersion]
  package let aliases: [Alias]

  package var id: String { name }

  /// What the bare name means; nil while no version is live.
  package var live: ModelVersion? {
    aliases.first { $0.name == ModelReference.defaultAlias }.flatMap { version($0.version) }
  }

  /// Binary search: this is on the request path.
  package func version(_ number: Int) -> ModelVersion? {
    var range = versions.indices
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      let version = versions[middle]
      if version.version == number { return version }
      range = version.version < number ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return nil
  }
}

/// One line of an alias' history.
package struct AliasMove: Hashable, Sendable {
  package let model: String
  package let alias: String
  /// nil: the alias did not exist before.
  package let from: Int?
  /// nil: the alias was deleted.
  package let to: Int?
  package let reason: String
  package let actor: String
  /// The key that it was done with; nil for none.
  package let key: String?
  package let time: Timestamp
}

/// What became of an upload.
package struct Publication: Hashable, Sendable {
  package let version: ModelVersion
  /// False when the model already had these bytes: the version is the one it had.
  package let isNew: Bool
  /// nil when no alias was asked for or it already pointed here.
  package let aliasMove: AliasMove?
}
