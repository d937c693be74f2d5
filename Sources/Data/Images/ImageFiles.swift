internal import Formats
internal import Foundation
internal import Modelling

/// Images in files that know their own range: IDX, and folders of PNGs.
enum ImageFiles {
  /// - Parameters:
  ///   - name: of the set, in notes and errors.
  ///   - range: of the pixels; nil: 0 to 255, which a file of zeros and ones doesn't have.
  static func idx(_ path: String, name: String, range: ClosedRange<Float>? = nil) throws -> DataSet {
    let bytes = try DataSource.bytes(path)
    let (dimensions, values) = try IDX.decode(bytes)
    guard dimensions.count == 3 else { throw DataError("\(path) has \(dimensions.count) dimensions, expected images: count, height, width") }
    if let range {
      if let outside = values.first(where: { !range.contains(Float($0)) }) {
        throw DataError("\(path) holds a byte \(outside), expected \(range.lowerBound) to \(range.upperBound), which data.range says")
      }
    } else if isOfBits(values) {
      throw DataError("\(path) holds zeros and ones alone, which would be all but black among 0 to 255: set data.range to [0, 1]")
    }
    let signature = Signature.image(height: dimensions[1], width: dimensions[2], range: range ?? 0...255)
    try signature.check()
    return DataSet(name: name, rows: ByteRows(values, width: signature.width), signature: signature, digest: SHA256.digest(bytes))
  }

  /// Whether all bytes are 0 or 1, and some are 1: pixels that were binarised.
  static func isOfBits(_ values: [UInt8]) -> Bool { values.max() == 1 }

  /// Every `.png` of a folder in the order of their names; all of one size.
  static func folder(_ path: String) throws -> DataSet {
    var hash = SHA256()
    var notes = Notes()
    let images = try pngs(in: path, like: nil, &hash, &notes)
    guard let first = images.first else { throw DataError("\(path) holds no .png file") }
    let signature = Signature.image(height: first.height, width: first.width, channels: first.channels)
    try signature.check()
    return DataSet(
      name: path, rows: ByteRows(images.flatMap(\.pixels), width: signature.width), signature: signature, digest: hash.finalize(),
      notes: notes.sentences)
  }

  /// The images of a folder, of the size and kind of `model` or of the first.
  private static func pngs(in path: String, like model: Raster?, _ hash: inout SHA256, _ notes: inout Notes) throws -> [Raster] {
    var (first, images): (Raster?, [Raster]) = (model, [])
    let names = try entries(of: path).filter { $0.lowercased().hasSuffix(".png") }
    for name in names {
      let bytes = try DataSource.bytes(path + "/" + name)
      hash.update(bytes)
      let decoded: PNG.Decoded
      do { decoded = try PNG.read(bytes, as: first.map { $0.channels == 1 ? .grey : .rgb }) } catch {
        throw DataError("\(path)/\(name): \(error.detail)")
      }
      let image = decoded.raster
      notes.add(decoded.notes, of: "\(path)/\(name)")
      if let first, (image.height, image.width) != (first.height, first.width) {
        let like = model == nil ? names[0] : "the first image"
        throw DataError("\(path)/\(name) is \(image.width) x \(image.height), expected \(first.width) x \(first.height) like \(like)")
      }
      if first == nil { first = image }
      images.append(image)
    }
    return images
  }

  /// What pictures do not show of their files, and how many of them.
  private struct Notes {
    private var counts: [(note: String, first: String, count: Int)] = []

    var sentences: [String] { counts.map { "\($0.note); so of \($0.count) \($0.count == 1 ? "file" : "files"), the first \($0.first)" } }

    mutating func add(_ notes: [String], of file: String) {
      for note in notes {
        if let known = counts.firstIndex(where: { $0.note == note }) { counts[known].count += 1 } else { counts.append((note, file, 1)) }
      }
    }
  }

  private static func entries(of path: String) throws(DataError) -> [String] {
    do { return try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
      throw DataError("\(path) can't be read: \(error.localizedDescription)")
    }
  }
}

// MARK: - Sequences of images

extension ImageFiles {
  /// A folder of folders of PNGs, each of these one sequence, in the order of their names; shorter ones have nothing behind their end.
  static func sequences(_ path: String) throws -> DataSet {
    var hash = SHA256()
    var (first, sequences, notes): (Raster?, [[UInt8]], Notes) = (nil, [], Notes())
    for name in try entries(of: path) {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder), isFolder.boolValue else { continue }
      let images = try pngs(in: path + "/" + name, like: first, &hash, &notes)
      guard let image = images.first else { throw DataError("\(path)/\(name) holds no .png file") }
      if first == nil { first = image }
      sequences.append(images.flatMap(\.pixels))
    }
    guard let first else { throw DataError("\(path) holds no folder of .png files") }
    let image = ImageSpace(height: first.height, width: first.width, channels: first.channels)
    let longest = sequences.map(\.count).max() ?? 0
    let signature = Signature(.sequence(SequenceSpace(of: .image(image), atMost: longest / image.width)))
    try signature.check()
    return DataSet(
      name: path, rows: UnequalByteRows(sequences, width: longest), signature: signature, digest: hash.finalize(), notes: notes.sentences)
  }

  /// A NumPy array [n, t, height, width]; every sequence has t images.
  static func sequences(_ array: NPYSource, range: ClosedRange<Float>, path: String) throws -> DataSet {
    guard array.shape.count == 4 else { throw DataError("\(path) has shape \(array.shape), expected sequences: [n, images, height, width]") }
    let image = ImageSpace(height: array.shape[2], width: array.shape[3], range: range)
    let signature = Signature(.sequence(SequenceSpace(of: .image(image), atMost: array.shape[1])))
    try signature.check()
    return DataSet(name: path, rows: array.rows, signature: signature, digest: array.digest)
  }
}

/// Bytes of items that differ in length; behind the end of a shorter one there is nothing (NaN).
private struct UnequalByteRows: ItemRows {
  private let items: [[UInt8]]
  let width: Int
  var count: Int { items.count }
  var holdsFloats: Bool { false }

  init(_ items: [[UInt8]], width: Int) { (self.items, self.width) = (items, width) }

  func write(_ place: Int, to out: UnsafeMutablePointer<Float>) {
    let item = items[place]
    for i in 0..<width { out[i] = i < item.count ? Float(item[i]) : .nan }
  }
}
