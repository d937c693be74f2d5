package import Foundation
internal import Glibc

extension String {
  /// The path from the root to what this one means here.
  ///
  /// Also below a folder whose name is no text in UTF-8: such a name can't be said, but the system knows the folder in which a process runs under another.
  package var absolutePath: String {
    URL(fileURLWithPath: hasPrefix("/") ? self : Self.workingFolder + "/" + self).standardizedFileURL.path
  }

  package var fileURL: URL { URL(fileURLWithPath: absolutePath) }

  /// The path of the file that is meant, past all links; itself where that is no text.
  package var resolvingLinks: String {
    guard let bytes = realpath(self, nil) else { return self }
    defer { free(bytes) }
    return String(validatingCString: bytes) ?? self
  }

  private static var workingFolder: String {
    guard let bytes = getcwd(nil, 0) else { return "." }
    defer { free(bytes) }
    return String(validatingCString: bytes) ?? "/proc/self/cwd"
  }
}
