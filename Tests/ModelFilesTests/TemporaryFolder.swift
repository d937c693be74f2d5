import Foundation

/// Lends a new folder that is removed afterwards.
func withTemporaryFolder(_ body: (_ path: String) throws -> Void) throws {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("posterior-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  do {
    try body(url.path)
  } catch {
    try FileManager.default.removeItem(at: url)
    throw error
  }
  try FileManager.default.removeItem(at: url)
}
