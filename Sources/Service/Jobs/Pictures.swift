internal import Foundation

/// The folder that holds the pictures of a data set which is nothing but PNGs.
package struct Pictures {
  /// Empty for the data set's own.
  package let folder: String
  /// Whether it holds folders, each of which is a sequence of pictures.
  let areSequences: Bool

  /// nil for a data set of other files.
  package init?(_ paths: some Collection<String>) {
    guard paths.allSatisfy({ $0.lowercased().hasSuffix(".png") }) else { return nil }
    let folders = Set(paths.map { ($0 as NSString).deletingLastPathComponent })
    guard let outer = folders.min(by: { ($0.utf8.count, $0) < ($1.utf8.count, $1) }) else { return nil }
    areSequences = !folders.allSatisfy { $0 == outer || outer.isEmpty || $0.hasPrefix(outer + "/") }
    folder = areSequences ? (outer as NSString).deletingLastPathComponent : outer
  }
}
