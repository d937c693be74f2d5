internal import CResources
internal import Formats

/// The files of the page, as they travel in the binary.
enum PageFiles {
  /// Where they lie in the project.
  private static let folder = "Sources/Page/"

  /// By their path below that folder.
  static let all: [String: [UInt8]] = Dictionary(
    uniqueKeysWithValues: EmbeddedResource.names.filter { $0.hasPrefix(folder) }.map { name in
      (String(name.dropFirst(folder.count)), EmbeddedResource.bytes(named: name))
    })

  /// Names the state of all of them: what lies under it never changes, so that browsers need not ask again.
  static let digest: String = {
    let parts = all.sorted { $0.key < $1.key }.map { "\($0.key) \(SHA256.digest($0.value).hex)\n" }
    return String(SHA256.digest(Array(parts.joined().utf8)).hex.prefix(16))
  }()

  /// The document, with the folder of its files written into it.
  static func document(assets: String) -> [UInt8] {
    guard let document = all["index.html"] else { preconditionFailure("index.html is not in the binary") }
    return Array(String(decoding: document, as: UTF8.self).replacing("{assets}", with: assets).utf8)
  }

  /// The media type of a file, by the end of its name; nil for what the page has no files of.
  static func mediaType(of path: String) -> String? {
    switch path.split(separator: ".").last {
    case "css": "text/css; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    case "svg": "image/svg+xml"
    default: nil
    }
  }
}
