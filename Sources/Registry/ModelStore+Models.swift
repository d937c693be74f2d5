package import Formats
import Foundation

extension ModelStore {
  /// The models by name, a page at a time.
  ///
  /// - Throws: `StoreError.invalidLimit`, `.invalidPageToken`.
  package func models(_ filter: ModelFilter = ModelFilter(), pageToken: String? = nil, limit: Int = 100) throws -> Page<Model> {
    try Page<Model>.validate(limit: limit)
    if let pageToken {
      do {
        try ModelReference.validate(name: pageToken)
      } catch {
        throw StoreError.invalidPageToken(given: pageToken)
      }
    }
    return index.current.page(filter, after: pageToken, limit: limit)
  }

  /// - Throws: `StoreError.invalidModelName`, `.unknownModel`.
  package func model(named name: String) throws -> Model {
    try ModelReference.validate(name: name)
    return try index.current.model(named: name)
  }

  /// Reads the version's file to the end.
  ///
  /// - Throws: `StoreError.corruptBlob` when its bytes are no longer those that were published, `.unusable` when it is gone.
  package func check(_ version: ModelVersion) throws {
    // SHA-256's own error is Foundation's; opening first says a missing file as the store does.
    _ = try OpenFile(version.path, O_RDONLY)
    guard try SHA256.digest(ofFile: version.path) == version.digest else {
      throw StoreError.corruptBlob(path: version.path, digest: version.digest)
    }
  }

  /// The version that `name`, `name@3` or `name@alias` means now.
  ///
  /// - Throws: `StoreError.invalidReference`, `.invalidModelName`, `.unknownModel`, `.unknownVersion`, `.unknownAlias`.
  package func resolve(_ reference: String) throws -> ModelVersion {
    try index.current.resolve(try ModelReference(reference))
  }

  /// A version whose file has this digest: the named one where it has, else any; nil where none has.
  package func version(holding digest: Digest, preferring name: String?, _ number: Int?) -> ModelVersion? {
    index.current.version(holding: digest, preferring: name, number)
  }
}
