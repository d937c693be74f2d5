import ArgumentParser
import Data
import Formats
import Foundation

/// `FILE` (IDX or NPY), `FILE.csv#COLUMN`, or `#COLUMN` of the data's own CSV.
extension LabelSource: ExpressibleByArgument {
  public init?(argument: String) { self.init(text: argument) }

  init?(text: String) {
    guard let mark = text.lastIndex(of: "#"), !FileManager.default.fileExists(atPath: text) else {
      self.init(source: text)
      return
    }
    let (path, column) = (String(text[..<mark]), String(text[text.index(after: mark)...]))
    guard !column.isEmpty else { return nil }
    self.init(source: path.isEmpty ? nil : path, column: column)
  }

  /// The mirror image, with an absolute path, so that it means the same from any folder.
  var text: String {
    (source.map { $0.absolutePath } ?? "") + (column.map { "#" + $0 } ?? "")
  }
}
