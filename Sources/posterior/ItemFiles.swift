import Data
import Formats
import Foundation
import Modelling
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

  /// How a file of items is written, piece by piece.
  struct Form {
    private enum Kind { case npy, idx, png }

    private let kind: Kind
    private let picture: Picture?
    /// What stands before the items.
    let head: [UInt8]

    /// - Throws: for a path whose name tells no form, or one that such items can't have.
    init(path: String, items: Int, of signature: Signature) throws {
      let (name, shape) = (path.lowercased(), signature.space.shape)
      picture = signature.space.picture
      if name.hasSuffix(".npy") {
        (kind, head) = (.npy, NPY.header(shape: [items] + shape))
      } else if name.hasSuffix(".idx") || name.hasSuffix("-ubyte") {
        guard let picture, picture.channels == 1, picture.range == 0...255 else {
          throw CommandError("\(path): IDX files are of grey images in bytes; choose .npy.")
        }
        (kind, head) = (.idx, IDX.header([items, picture.height, picture.width]))
      } else if name.hasSuffix(".png") {
        guard items == 1, picture != nil else { throw CommandError("\(path): a PNG holds one image; choose .npy for \(items) items.") }
        (kind, head) = (.png, [])
      } else {
        throw CommandError("\(path): items are written as .npy, .idx or .png; the extension says which.")
      }
    }

    func bytes(_ items: Tensor) throws -> [UInt8] {
      var bytes: [UInt8] = []
      switch (kind, picture) {
      case (.idx, _): bytes = items.scalars.map { UInt8($0) }
      case (.png, let picture?):
        bytes = try PNG.encode(
          Raster(height: picture.height, width: picture.width, channels: picture.channels, pixels: items.scalars.map(picture.sample)))
      case (.npy, _), (.png, nil): FloatBytes.append(items.scalars, to: &bytes)
      }
      return bytes
    }
  }
}
