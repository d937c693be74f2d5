import ArgumentParser
import Foundation
import Service

/// How a file of items is read.
struct InputArguments: ParsableArguments {
  @Option(
    help:
      "What the items are: json, csv, png, npy, raw (float32, little-endian) or txt, one text. (default: by the extension; csv from standard input)")
  var inputFormat: OutputFormat?

  func format(of path: String) throws -> OutputFormat {
    if let format = inputFormat ?? OutputFormat(path: path) { return format }
    if path == "-" { return .csv }
    throw CommandError(
      "\(path): items come as .json, .csv, .png, .npy, .raw (float32, little-endian) or .txt; the extension says which, or --input-format.")
  }

  /// The items, from a file that can be read again; a pipe is written to one first.
  func source(_ path: String) throws -> ItemSource {
    let name = path == "-" ? "/dev/stdin" : path
    if let file = try ItemFile.opening(name) { return .file(file) }
    guard let pipe = FileHandle(forReadingAtPath: name) else { throw CommandError("\(path) can't be read.") }
    let file = try ItemFile.temporary(in: NSTemporaryDirectory())
    while let piece = try pipe.read(upToCount: 256 << 10), !piece.isEmpty { try file.append(Array(piece)) }
    return .file(file)
  }
}
