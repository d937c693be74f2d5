import Data
import Formats
import Foundation
import Modelling
import Service
import Tensors

/// Files of items that keep every value.
enum ItemFiles {
  /// The raw items of a file as a model takes them; images also of other sizes than it learnt from, where it codes those.
  static func items(of path: String, for model: any ModelFamily) throws -> DataSet {
    if path.lowercased().hasSuffix(".png") { return try picture(path, model) }
    return try EvaluationData.load(path, split: .train, reading: nil, for: model.signature, model, ofAnySize: takesAnySize(model))
  }

  private static func takesAnySize(_ model: any ModelFamily) -> Bool { Capability.compressing.of(model)?.takesAnySize ?? false }

  private static func picture(_ path: String, _ model: any ModelFamily) throws -> DataSet {
    var signature = model.signature
    guard var picture = signature.space.picture else { throw CommandError("\(path) is a picture, the model takes \(signature.space.summary)") }
    let bytes = [UInt8](try Data(contentsOf: path.fileURL))
    let decoded = try PNG.read(bytes)
    let raster = decoded.raster
    if takesAnySize(model), let resized = signature.resized(height: raster.height, width: raster.width), let other = resized.space.picture {
      (signature, picture) = (resized, other)
    }
    guard raster.height == picture.height, raster.width == picture.width, raster.channels == picture.channels else {
      throw CommandError(
        "\(path) is of \(raster.height) x \(raster.width) pixels in \(raster.channels) channels, the model takes \(signature.space.summary)")
    }
    if let lost = decoded.lost { throw CommandError("\(path) has \(lost), which would not come back.") }
    // The raw value that a level of 256 shows.
    let (low, high) = (picture.range.lowerBound, picture.range.upperBound)
    let values = raster.pixels.map { low + Float($0) / 255 * (high - low) }
    return DataSet(name: path, rows: FloatRows(values, width: signature.width), signature: signature, digest: SHA256.digest(bytes))
  }

  /// In what a file of this name is written; IDX files are made of floats.
  static func mediaType(of path: String) throws -> MediaType {
    switch OutputFormat(path: path) {
    case .npy: return .npy
    case .csv: return .csv
    case .png: return .png
    case _ where path == "-": return .csv
    case _ where isIDX(path): return .floats
    default: throw CommandError("\(path): items are written as .npy, .idx or .png, rows as .csv, .tsv or .npy; the extension says which.")
    }
  }

  private static func isIDX(_ path: String) -> Bool { [".idx", "-ubyte"].contains(where: path.lowercased().hasSuffix) }

  /// How a file of items is written, chunk by chunk.
  struct Form {
    private let reading: Decompression
    private let isIDX: Bool
    /// What stands before the items.
    let head: [UInt8]

    /// - Throws: for a path whose name tells a form that such items can't have.
    init(path: String, of reading: Decompression) throws {
      (self.reading, isIDX) = (reading, ItemFiles.isIDX(path))
      let (count, type) = (reading.items.count, try ItemFiles.mediaType(of: path))
      if isIDX {
        guard let picture = reading.picture, picture.channels == 1, picture.range == 0...255 else {
          throw CommandError("\(path): IDX files are of grey images in bytes; choose .npy.")
        }
        head = IDX.header([count, picture.height, picture.width])
        return
      }
      head = []
      guard reading.mediaTypes.contains(type) else {
        throw CommandError("\(path): these items are written as \(reading.mediaTypes.map(\.name).joined(separator: ", ")).")
      }
      guard type != .png || count == 1 else { throw CommandError("\(path): a PNG holds one image; choose .npy for \(count) items.") }
    }

    func bytes(of chunk: Int) throws -> [UInt8] {
      let bytes = try reading.bytes(of: chunk..<chunk + 1)
      return isIDX ? FloatBytes.decode(bytes[...]).map { UInt8($0) } : bytes
    }
  }
}
