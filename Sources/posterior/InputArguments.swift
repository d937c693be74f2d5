import ArgumentParser
import Data
import Formats
import Foundation
import Modelling
import Service

/// How a file of items is read.
struct InputArguments: ParsableArguments {
  @Option(
    help:
      """
      What the items are: json, csv, arrow (a stream of its IPC), png, npy, raw (float32, little-endian) or txt, one text. (default: by the extension; \
      csv from standard input)
      """
  )
  var inputFormat: OutputFormat?
  @OptionGroup(title: "Reading tables") var table: SettingArguments<TableOptions>

  /// - Parameter takesRows: whether a text file is rather a table.
  func format(of path: String, takesRows: Bool = true) throws -> OutputFormat {
    if let format = inputFormat ?? OutputFormat(path: path), inputFormat != nil || format != .txt || !takesRows { return format }
    if path == "-" || Self.isTable(path) { return .csv }
    throw CommandError(
      """
      \(path): items come as .json, .csv (or .tsv, .gz), .arrow (or .arrows), .png, .npy, .raw (float32, little-endian) or .txt; the extension says \
      which, or --input-format.
      """
    )
  }

  /// Whether a path's name says that it holds a table; text files do.
  static func isTable(_ path: String) -> Bool {
    let name = path.lowercased()
    return DataSource.isTable(name) || name.hasSuffix(".txt") || name.hasSuffix(".txt.gz")
  }

  /// The items, from a file that can be read again; a pipe is written to one first. Tables are unpacked, and brought to UTF-8.
  /// - Parameter bytes: those of the file, where they were asked for before.
  func source(_ path: String, takesRows: Bool = true, bytes: ItemSource? = nil) throws -> ItemSource {
    let source = try bytes ?? self.bytes(of: path)
    guard try format(of: path, takesRows: takesRows) == .csv else { return source }
    return try Self.unpacked(source, path, encoding: table.values().encoding)
  }

  /// A table's text in UTF-8, whatever it is packed in.
  static func unpacked(_ source: ItemSource, _ path: String, encoding: TextEncoding) throws -> ItemSource {
    guard try TableText.isPacked(source.start(16), encoding: encoding) else { return source }
    do throws(FormatError) { return .bytes(try TableText.utf8(try source.everything(), encoding: encoding)) } catch {
      throw CommandError("\(path) is \(error.given), expected \(error.expected).")
    }
  }

  /// The file as it is, or one without a name that what comes through a pipe is written to, and that is gone with the process at the latest.
  func bytes(of path: String) throws -> ItemSource {
    let name = path == "-" ? "/dev/stdin" : path
    if let file = try ItemFile.opening(name) { return .file(file) }
    guard let pipe = FileHandle(forReadingAtPath: name) else { throw CommandError("\(path) can't be read.") }
    let file = try ItemFile.temporary(in: NSTemporaryDirectory())
    while let piece = try pipe.read(upToCount: 256 << 10), !piece.isEmpty { try file.append(Array(piece)) }
    return .file(file)
  }
}

extension ItemSource {
  fileprivate func everything() throws(FormatError) -> [UInt8] {
    do { return try whole() } catch { throw FormatError(.text, .malformed, given: "a file that can't be read (\(error))", expected: "one that can") }
  }
}

extension SettingArguments<TableOptions> {
  /// The options, or others where no flag was given.
  func values(or others: TableOptions?) throws -> TableOptions? { given.isEmpty ? others : try values() }
}
