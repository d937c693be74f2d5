package import Formats
package import Foundation

/// A file whose bytes are read from it as they are wanted, so that it may be larger than memory.
package struct MappedFile: Sendable {
  package let path: String
  /// A view of the file; what isn't touched takes no memory.
  package let bytes: Data
  private static let block = 1 << 20

  package init(_ path: String) throws(DataError) {
    self.path = path
    do { bytes = try Data(contentsOf: path.fileURL, options: .alwaysMapped) } catch {
      throw DataError("\(path) can't be read: \(error.localizedDescription)")
    }
  }

  /// The whole file in one go, unpacked where it is gzip's.
  func unpacked(limit: Int = 1 << 32) throws -> Data {
    guard GZip.isGZip(Array(bytes.prefix(2))) else { return bytes }
    do { return Data(try GZip.inflate(Array(bytes), limit: limit)) } catch { throw DataError("\(path): \(error.detail)") }
  }

  package var digest: Digest {
    var hash = SHA256()
    for start in stride(from: 0, to: bytes.count, by: Self.block) { hash.update(Array(bytes[start..<min(start + Self.block, bytes.count)])) }
    return hash.finalize()
  }
}
