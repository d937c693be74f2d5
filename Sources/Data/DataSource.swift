internal import Formats
internal import Foundation
package import Modelling

/// Where the items of a recipe come from.
package struct DataSource: Settings {
  package enum Format: String, CaseIterable, SettingValue { case idx, csv, npy, png }
  package enum Split: String, CaseIterable, SettingValue { case train, test }

  /// `fashion-mnist`, `sprites`, or the path of a file (IDX, CSV, NPY) or of a folder of PNGs.
  package var source: String
  /// Of a path; read from its name where absent.
  package var format: Format?
  /// Of a named data set.
  package var split: Split
  /// Smallest and largest value of an `npy`, which become 0 and 1; images need it, rows without it are standardised.
  package var range: [Float]?
  /// At most so many items, from the first.
  package var limit: Int?
  /// Columns of a `csv` to learn from, others being left out; inferred where absent.
  package var columns: [Signature.Column]?
  /// Marks of a missing cell of a `csv`; where absent "", NA, NaN, nan, ? and null.
  package var missing: [String]?
  /// Between the fields of a `csv`; where absent the one of them that its header has most of.
  package var delimiter: Delimiter?
  /// Where the items' classes stand; data sets known by name know theirs.
  package var labels: LabelSource?
  /// Of a recording in a `csv` or `npy`: windows of it are the items.
  package var window: SignalWindows?

  package enum Delimiter: String, CaseIterable, SettingValue {
    case comma = ","
    case semicolon = ";"
    case tab = "\t"
  }

  package init() { self.init(source: "") }

  package init(
    source: String, format: Format? = nil, split: Split = .train, range: [Float]? = nil, limit: Int? = nil, columns: [Signature.Column]? = nil,
    missing: [String]? = nil, delimiter: Delimiter? = nil, labels: LabelSource? = nil,
    window: SignalWindows? = nil
  ) {
    self.source = source
    self.format = format
    self.split = split
    self.range = range
    self.limit = limit
    self.columns = columns
    self.missing = missing
    self.delimiter = delimiter
    self.labels = labels
    self.window = window
  }

  package static let table = Table<Self> {
    Setting("source", \.source, required: true, "fashion-mnist, sprites, or the path of a file (IDX, CSV, NPY) or of a folder of PNGs.")
    Setting("format", \.format, "Of a path; absent: read from its name.")
    Setting("split", \.split, "Of a data set known by name.")
    Setting(
      "range", \.range, "Smallest and largest value of an npy, which become 0 and 1; images need it, rows without it are standardised.")
    Setting("limit", \.limit, in: 1..., expected: "a positive number", "At most so many items, from the first.")
    Setting("columns", \.columns, "Columns of a csv to learn from, others being left out; absent: inferred.")
    Setting("missing", \.missing, "Marks of a missing cell of a csv; absent: \"\", NA, NaN, nan, ? and null.")
    Setting("delimiter", \.delimiter, "Between the fields of a csv; absent: the one of them that its header has most of.")
    Setting("labels", \.labels, "Where the items' classes stand; data sets known by name know theirs.")
    Setting("window", \.window, "Of a recording in a csv or npy: windows of it are the items.")
  }

  /// Reads the items; a mixed table may have categories and missing cells, any other is refused where a cell is no number.
  ///
  /// - Parameter withLabels: whether the items' classes are read too.
  package func load(isMixed: Bool = false, withLabels: Bool = false) throws -> DataSet {
    do throws(Fault) { try validate() } catch { throw DataError("\(error.inside("data"))") }
    // First, so that a missing column of classes is reported as such, and not as a column of the items.
    let labels = withLabels ? try loadLabels() : nil
    var whole = try loadWhole(isMixed: isMixed)
    if let labels { whole = try whole.labelled(labels) }
    if let window { whole = try window.cut(whole) }
    return limit.map(whole.prefix) ?? whole
  }

  private func loadLabels() throws -> Labels {
    if let named = NamedDataSet(rawValue: source) {
      guard labels == nil else { throw DataError("data.labels are for paths; \(source) knows its own classes") }
      return try named.loadLabels(split)
    }
    guard let labels else { throw DataError("data.labels is missing: it says where the classes of \(source) stand") }
    return try labels.load(table: source, missing: missing, delimiter: delimiter)
  }

  private func loadWhole(isMixed: Bool) throws -> DataSet {
    if let named = NamedDataSet(rawValue: source) {
      guard format == nil, range == nil, columns == nil, missing == nil, delimiter == nil else {
        throw DataError("data.format, data.range, data.columns, data.missing and data.delimiter are for paths; \(source) knows its own")
      }
      return try named.load(split)
    }
    guard split == .train else { throw DataError("data.split is \(split.rawValue): only data sets known by name have splits, \(source) is a path") }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: source, isDirectory: &isFolder) else {
      throw DataError(
        "there is no file or folder \(source); data sets known by name: \(NamedDataSet.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    let format = try format ?? inferredFormat(isFolder: isFolder.boolValue)
    guard range == nil || format == .npy else { throw DataError("data.range is for npy; \(format.rawValue) has a range of its own") }
    guard (columns == nil && missing == nil && delimiter == nil) || format == .csv else {
      throw DataError("data.columns, data.missing and data.delimiter are for csv; \(format.rawValue) has neither names nor marks")
    }
    guard format == .png || !isFolder.boolValue else { throw DataError("\(source) is a folder, expected a file in the format \(format.rawValue)") }
    switch format {
    case .idx: return try Self.idx(source, name: source)
    case .csv: return try csv(isMixed: isMixed)
    case .npy: return try npy()
    case .png:
      guard isFolder.boolValue else { throw DataError("\(source) is a file, expected a folder of PNGs") }
      return try png()
    }
  }

  private func inferredFormat(isFolder: Bool) throws(DataError) -> Format {
    if isFolder { return .png }
    let name = source.lowercased()
    if name.hasSuffix(".csv") || name.hasSuffix(".tsv") { return .csv }
    if name.hasSuffix(".npy") { return .npy }
    if name.hasSuffix("-ubyte") || name.hasSuffix("-ubyte.gz") || name.hasSuffix(".idx") || name.hasSuffix(".idx.gz") { return .idx }
    throw DataError("the name of \(source) tells no format: set data.format to one of \(Format.allCases.map(\.rawValue).joined(separator: ", "))")
  }

  static func bytes(_ path: String) throws(DataError) -> [UInt8] {
    do { return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) } catch {
      throw DataError("\(path) can't be read: \(error.localizedDescription)")
    }
  }

  static func idx(_ path: String, name: String) throws -> DataSet {
    let bytes = try bytes(path)
    let (dimensions, values) = try IDX.decode(bytes)
    guard dimensions.count == 3 else { throw DataError("\(path) has \(dimensions.count) dimensions, expected images: count, height, width") }
    let signature = Signature.image(height: dimensions[1], width: dimensions[2])
    try signature.check()
    return DataSet(name: name, storage: .bytes(values), signature: signature, digest: SHA256.digest(bytes))
  }

  private func csv(isMixed: Bool) throws -> DataSet {
    do { return try table(Self.bytes(source), isMixed: isMixed) } catch let error as CSVError { throw DataError("\(source), \(error.detail)") }
  }

  private func table(_ bytes: [UInt8], isMixed: Bool) throws -> DataSet {
    // Classes are no part of what is learnt from.
    let classes = labels?.source == nil ? labels?.column : nil
    let (values, signature) = try TableReading(
      source: source, columns: columns, missing: missing, delimiter: delimiter, isMixed: isMixed, leavingOut: classes
    ).read(bytes)
    return DataSet(name: source, storage: .floats(values), signature: signature, digest: SHA256.digest(bytes))
  }

  private func npy() throws -> DataSet {
    let bytes = try Self.bytes(source)
    let array = try NPY.decode(bytes)
    if let bad = array.scalars.firstIndex(where: { !$0.isFinite }) {
      throw DataError("\(source): value \(bad) is \(array.scalars[bad]), expected finite numbers")
    }
    if let range {
      guard range.count == 2, range[0] < range[1] else { throw DataError("data.range is \(range), expected two numbers, the smaller first") }
      let outside = array.scalars.firstIndex { $0 < range[0] || $0 > range[1] }
      if let outside { throw DataError("\(source): value \(outside) is \(array.scalars[outside]), outside data.range \(range)") }
    }
    let signature: Signature
    switch array.shape.count {
    case 2: signature = .vector(array.shape[1], scaling: range.map { Signature.Scaling(offset: [$0[0]], scale: [$0[1] - $0[0]]) })
    case 3, 4:
      guard let range else {
        throw DataError(
          "\(source) holds images of shape \(Array(array.shape.dropFirst())): set data.range to their smallest and largest value, such as [0, 1]")
      }
      signature = .image(
        height: array.shape[1], width: array.shape[2], channels: array.shape.count == 4 ? array.shape[3] : 1, range: range[0]...range[1])
    default: throw DataError("\(source) has shape \(array.shape), expected [n, width], [n, height, width] or [n, height, width, channels]")
    }
    try signature.check()
    return DataSet(name: source, storage: .floats(array.scalars), signature: signature, digest: SHA256.digest(bytes))
  }

  /// Every `.png` of the folder in the order of their names; all of one size.
  private func png() throws -> DataSet {
    let entries: [String]
    do { entries = try FileManager.default.contentsOfDirectory(atPath: source) } catch {
      throw DataError("\(source) can't be read: \(error.localizedDescription)")
    }
    let names = entries.filter { $0.lowercased().hasSuffix(".png") }.sorted()
    guard !names.isEmpty else { throw DataError("\(source) holds no .png file") }
    var pixels: [UInt8] = []
    var first: Raster?
    var hash = SHA256()
    for name in names {
      let bytes = try Self.bytes(source + "/" + name)
      hash.update(bytes)
      let image: Raster
      do { image = try PNG.decode(bytes, as: first.map { $0.channels == 1 ? .grey : .rgb }) } catch {
        throw DataError("\(source)/\(name): \(error.detail)")
      }
      if let first, (image.height, image.width) != (first.height, first.width) {
        throw DataError("\(source)/\(name) is \(image.width) x \(image.height), expected \(first.width) x \(first.height) like \(names[0])")
      }
      if first == nil { first = image }
      pixels += image.pixels
    }
    guard let first else { throw DataError("\(source) holds no .png file") }
    let signature = Signature.image(height: first.height, width: first.width, channels: first.channels)
    try signature.check()
    return DataSet(name: source, storage: .bytes(pixels), signature: signature, digest: hash.finalize())
  }
}
