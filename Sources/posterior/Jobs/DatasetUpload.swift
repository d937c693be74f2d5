import Formats
import Foundation

/// Sends files to a server as a data set.
struct DatasetUpload {
  let server: ServerConnection

  /// The file at a path, or the PNGs in the folder there, as a data set names them; of a folder without any those of its folders, which are sequences.
  ///
  /// - Parameter name: what the path is called there; nil: its last part, and a folder's files by their own names.
  static func files(at path: String, as name: String? = nil) throws -> [(name: String, path: String)] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw CommandError("There is no file or folder \(path).") }
    guard isFolder.boolValue else { return [(name ?? (path as NSString).lastPathComponent, path)] }
    let all = try FileManager.default.subpathsOfDirectory(atPath: path).filter { $0.lowercased().hasSuffix(".png") }.sorted()
    let own = all.filter { !$0.contains("/") }
    let pictures = own.isEmpty ? all : own
    guard !pictures.isEmpty else { throw CommandError("\(path) has no PNGs.") }
    let prefix = name.map { $0 == "." ? "" : $0 + "/" } ?? ""
    return pictures.map { (prefix + $0, "\(path)/\($0)") }
  }

  /// A name that says what is in it: of the first file, then the start of the digest of all.
  static func name(for files: [(name: String, path: String)]) throws -> String {
    let digests = try files.map { (name: $0.name, digest: try SHA256.digest(ofFile: $0.path)) }.sorted { $0.name < $1.name }
    let digest = digests.count == 1 ? digests[0].digest : SHA256.digest(digests.flatMap { Array("\($0.digest) \($0.name)\n".utf8) })
    let stem = (((files.first?.name ?? "data") as NSString).lastPathComponent as NSString).deletingPathExtension.lowercased()
    let plain = String(stem.unicodeScalars.map { $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0)) ? Character($0) : "-" })
    let start = String(plain.drop { $0 == "-" }.prefix(40))
    return "\(start.isEmpty ? "data" : start)-\(digest.hex.prefix(12))"
  }

  /// - Returns: the data set as the server describes it.
  func send(_ files: [(name: String, path: String)], as name: String) async throws -> JSONValue {
    guard files.count == 1 else { return try await sendForm(files, as: name) }
    let target = ServerConnection.target(["admin", "datasets", name], [("file", files[0].name)])
    return try await server.upload(file: files[0].path, to: target, digest: try SHA256.digest(ofFile: files[0].path)).json
  }

  private func sendForm(_ files: [(name: String, path: String)], as name: String) async throws -> JSONValue {
    let boundary = "posterior-\(UUID().uuidString)"
    let form = FileManager.default.temporaryDirectory.appendingPathComponent(boundary).path
    guard FileManager.default.createFile(atPath: form, contents: nil), let handle = FileHandle(forWritingAtPath: form) else {
      throw CommandError("\(form) can't be written.")
    }
    // A temporary file that can't be removed is left to the system.
    defer { try? FileManager.default.removeItem(atPath: form) }
    for file in files {
      let name = file.name.replacing("\"", with: "%22")
      try handle.write(contentsOf: Data("--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n\r\n".utf8))
      let source = try FileHandle(forReadingFrom: file.path.fileURL)
      while let piece = try source.read(upToCount: 1 << 20), !piece.isEmpty { try handle.write(contentsOf: piece) }
      try handle.write(contentsOf: Data("\r\n".utf8))
    }
    try handle.write(contentsOf: Data("--\(boundary)--\r\n".utf8))
    try handle.close()
    return try await server.upload(
      form: form, type: "multipart/form-data; boundary=\(boundary)", to: ServerConnection.target(["admin", "datasets", name], [])
    ).json
  }
}
