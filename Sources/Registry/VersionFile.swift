import Foundation

/// An open model file: it can be read to its end, whatever becomes of the version meanwhile.
package struct VersionFile: Sendable {
  private let file: OpenFile

  fileprivate init(_ file: OpenFile) { self.file = file }

  /// Up to `limit` bytes from where the last reading ended; none at the end.
  package func read(upTo limit: Int) throws -> [UInt8] { try file.read(upTo: limit) }
}

extension ModelStore {
  /// - Throws: `StoreError.missingBlob` where the file is gone.
  package func open(_ version: ModelVersion) throws -> VersionFile {
    guard FileManager.default.fileExists(atPath: version.path) else { throw StoreError.missingBlob(path: version.path, version: version.id) }
    return VersionFile(try OpenFile(version.path, O_RDONLY))
  }
}
