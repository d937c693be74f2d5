internal import Formats
internal import Foundation
package import Modelling

/// Where the items of a recipe come from.
package struct DataSource: Settings {
  package enum Format: String, CaseIterable, SettingValue {
    case idx, csv, npy, png
    /// One long text.
    case text
    /// One text a line.
    case lines
    /// Line i of one file belongs to line i of another, `target`.
    case pairs
    /// Sequences of images: an NPY [n, images, height, width], or a folder of folders of PNGs.
    case video
  }
  package enum Split: String, CaseIterable, SettingValue { case train, test }

  /// `fashion-mnist`, `sprites`, or the path of a file (IDX, CSV, NPY, text) or of a folder of PNGs.
  package var source: String
  /// Of `pairs`: the file whose lines belong to those of `source`.
  package var target: String?
  /// Of a path; read from its name where absent.
  package var format: Format?
  /// Of a named data set.
  package var split: Split
  /// Smallest and largest value of an `npy`, which become 0 and 1; images need it, rows without it are standardised. Of an `idx` nil is 0 and 255.
  package var range: [Float]?
  /// At most so many items, from the first.
  package var limit: Int?
  /// Columns of a `csv` to learn from, others being left out; inferred where absent.
  package var columns: [TableSpace.Column]?
  /// Marks of a missing cell of a `csv`; where absent "", NA, NaN, nan, ? and null.
  package var missing: [String]?
  /// Between the fields of a `csv`; where absent the one of them that its header has most of.
  package var delimiter: Delimiter?
  /// Where the items' classes stand; data sets known by name know theirs.
  package var labels: LabelSource?
  /// Of a recording in a `csv` or `npy`, or of a `text`: windows of it are the items.
  package var window: SignalWindows?
  /// How the file of a `csv` is read; nil: as builds before 0.3 did, of which runs are that they recorded.
  package var reading: TableOptions?
  /// A model's own table, whose columns, marks and left-out columns are known; nothing that recipes say.
  package var known: TableSpace?

  package enum Delimiter: String, CaseIterable, SettingValue {
    case comma = ","
    case semicolon = ";"
    case tab = "\t"
  }

  package init() { self.init(source: "") }

  package init(
    source: String, format: Format? = nil, split: Split = .train, range: [Float]? = nil, limit: Int? = nil, columns: [TableSpace.Column]? = nil,
    missing: [String]? = nil, delimiter: Delimiter? = nil, labels: LabelSource? = nil,
    window: SignalWindows? = nil, target: String? = nil, reading: TableOptions? = nil
  ) {
    self.source = source
    self.target = target
    self.format = format
    self.split = split
    self.range = range
    self.limit = limit
    self.columns = columns
    self.missing = missing
    self.delimiter = delimiter
    self.labels = labels
    self.window = window
    self.reading = reading
  }

  package static let table = Table<Self> {
    Setting("source", \.source, required: true, "fashion-mnist, sprites, or the path of a file (IDX, CSV, NPY, text) or of a folder of PNGs.")
    Setting("format", \.format, "Of a path; absent: read from its name.")
    Setting("target", \.target, "Of pairs: the file whose lines belong to those of the source.")
    Setting("split", \.split, "Of a data set known by name.")
    Setting(
      "range", \.range,
      "Smallest and largest value of an npy, which become 0 and 1; images need it, rows without it are standardised. Of an idx absent: 0 and 255, "
        + "which files of zeros and ones are refused by.")
    Setting("limit", \.limit, in: 1..., expected: "a positive number", "At most so many items, from the first.")
    Setting("columns", \.columns, "Columns of a csv to learn from, others being left out; absent: inferred.")
    Setting("missing", \.missing, "Marks of a missing cell of a csv beside the usual ones, see data.reading.")
    Setting("delimiter", \.delimiter, "Between the fields of a csv; absent: the one of them that its header has most of.")
    Setting("reading", \.reading, "How the file of a csv is read, as far as it does not say so itself.")
    Setting("labels", \.labels, "Where the items' classes stand; data sets known by name know theirs.")
    Setting("window", \.window, "Of a recording in a csv or npy, or of a text: windows of it are the items.")
  }

  /// Reads the items; a mixed table may have categories and missing cells, any other is refused where a cell is no number.
  ///
  /// - Parameters:
  ///   - withLabels: whether the items' classes are read too.
  ///   - texts: what a model takes that is asked about a text: it is read in its vocabulary, and a long one is cut into texts of the greatest length.
  package func load(isMixed: Bool = false, withLabels: Bool = false, for texts: TokenSpace? = nil) throws -> DataSet {
    do throws(Fault) { try validate() } catch { throw DataError("\(error.inside("data"))") }
    // First, so that a missing column of classes is reported as such, and not as a column of the items.
    let labels = withLabels ? try loadLabels() : nil
    var whole = try loadWhole(isMixed: isMixed, texts)
    if let labels { whole = try whole.labelled(labels) }
    if let window { whole = try window.cut(whole) }
    return limit.map(whole.prefix) ?? whole
  }

  /// The same of a table whose bytes were read before.
  package func load(table bytes: [UInt8], isMixed: Bool) throws -> DataSet {
    do throws(Fault) { try validate() } catch { throw DataError("\(error.inside("data"))") }
    let whole = try csv(bytes, isMixed: isMixed)
    return limit.map(whole.prefix) ?? whole
  }

  private func loadLabels() throws -> Labels {
    if let named = NamedDataSet.named(source) {
      guard labels == nil else { throw DataError("data.labels are for paths; \(source) knows its own classes") }
      return try named.labels(split)
    }
    guard let labels else { throw DataError("data.labels is missing: it says where the classes of \(source) stand") }
    return try labels.load(table: source, missing: missing, delimiter: delimiter, reading: reading)
  }

  private func loadWhole(isMixed: Bool, _ texts: TokenSpace?) throws -> DataSet {
    if let named = NamedDataSet.named(source) {
      guard format == nil, target == nil, range == nil, columns == nil, missing == nil, delimiter == nil, reading == nil else {
        throw DataError(
          "data.format, data.target, data.range, data.columns, data.missing, data.delimiter and data.reading are for paths; \(source) knows its own")
      }
      return try named.items(split)
    }
    guard split == .train else { throw DataError("data.split is \(split.rawValue): only data sets known by name have splits, \(source) is a path") }
    var isFolder: ObjCBool = false
    guard source == "-" || FileManager.default.fileExists(atPath: source, isDirectory: &isFolder) else {
      throw DataError(
        "there is no file or folder \(source); data sets known by name: \(NamedDataSet.names)")
    }
    let format = try format ?? inferredFormat(isFolder: isFolder.boolValue)
    guard range == nil || format == .npy || format == .video || format == .idx else {
      throw DataError("data.range is for npy and idx; \(format.rawValue) has a range of its own")
    }
    guard target == nil || format == .pairs else { throw DataError("data.target is for pairs; \(format.rawValue) is one source alone") }
    guard (columns == nil && missing == nil && delimiter == nil && reading == nil) || format == .csv else {
      throw DataError("data.columns, data.missing, data.delimiter and data.reading are for csv; \(format.rawValue) has neither names nor marks")
    }
    guard format == .png || format == .video || !isFolder.boolValue else {
      throw DataError("\(source) is a folder, expected a file in the format \(format.rawValue)")
    }
    switch format {
    case .idx: return try ImageFiles.idx(source, name: source, range: bounds())
    case .csv: return try csv(Self.bytes(source), isMixed: isMixed)
    case .npy: return try npy()
    case .png:
      guard isFolder.boolValue else { throw DataError("\(source) is a file, expected a folder of PNGs") }
      return try ImageFiles.folder(source)
    case .text: return try texts.map(TextSource(source).pieces) ?? TextSource(source).stream()
    case .lines: return try texts.map(TextSource(source).lines) ?? TextSource(source).lines()
    case .pairs: return try pairs()
    case .video: return try video(isFolder: isFolder.boolValue)
    }
  }

  /// Whether the source is a path, and no data set known by name.
  package var isPath: Bool { NamedDataSet.named(source) == nil }

  /// Whether where the items are depends on the folder in which a command runs.
  package var hasRelativePaths: Bool {
    let source = NamedDataSet.named(source) == nil ? source : nil
    return [source, target, labels?.source].contains { $0.map { $0 != "-" && !$0.hasPrefix("/") } ?? false }
  }

  private func inferredFormat(isFolder: Bool) throws(DataError) -> Format {
    if isFolder { return .png }
    let name = source.lowercased()
    if Self.isTable(source) { return .csv }
    if name.hasSuffix(".npy") { return .npy }
    if name.hasSuffix(".txt") || name.hasSuffix(".txt.gz") { return .text }
    if Self.isIDX(source) { return .idx }
    throw DataError("the name of \(source) tells no format: set data.format to one of \(Format.allCases.map(\.rawValue).joined(separator: ", "))")
  }

  /// Whether a path's name says that it holds a table.
  package static func isTable(_ path: String) -> Bool {
    let name = path.lowercased()
    return path == "-" || [".csv", ".tsv", ".csv.gz", ".tsv.gz", ".tab", ".xlsx", ".xls", ".parquet"].contains(where: name.hasSuffix)
  }

  /// Whether a path's name says that it holds bytes as MNIST's files do.
  package static func isIDX(_ path: String) -> Bool {
    let name = path.lowercased()
    return ["-ubyte", "-ubyte.gz", ".idx", ".idx.gz"].contains(where: name.hasSuffix)
  }

  static func bytes(_ path: String) throws(DataError) -> [UInt8] {
    if path == "-" { return [UInt8](FileHandle.standardInput.readDataToEndOfFile()) }
    do { return [UInt8](try Data(contentsOf: path.fileURL)) } catch {
      throw DataError("\(path) can't be read: \(error.localizedDescription)")
    }
  }

  private func csv(_ bytes: [UInt8], isMixed: Bool) throws -> DataSet {
    do { return try table(bytes, isMixed: isMixed) } catch let error as CSVError { throw DataError("\(path), \(error.detail)") }
  }

  /// The source as errors name it.
  private var path: String { source == "-" ? "standard input" : source }

  private func table(_ bytes: [UInt8], isMixed: Bool) throws -> DataSet {
    // Classes are no part of what is learnt from.
    let classes = labels?.source == nil ? labels?.column : nil
    guard reading != nil || known?.isExact == true else {
      let (values, signature) = try FirstTableReading(
        source: path, columns: known?.columns ?? columns, missing: known?.missing ?? missing, delimiter: delimiter, isMixed: isMixed,
        leavingOut: classes
      ).read(bytes)
      return DataSet(name: source, rows: FloatRows(values, width: signature.width), signature: signature, digest: SHA256.digest(bytes))
    }
    var options = reading ?? TableOptions()
    if let missing { options.missing = missing + (options.missing ?? []) }
    if let delimiter { options.separator = options.separator ?? delimiter.rawValue }
    let table = try TableReading(
      source: path, options: options, columns: known?.columns ?? columns, marks: known?.missing, isMixed: isMixed, classes: classes,
      refusesStrangers: known != nil, ignored: known?.ignored
    ).read(bytes)
    return DataSet(
      name: source, rows: DoubleRows(table.values, width: table.signature.width), signature: table.signature, digest: SHA256.digest(bytes),
      report: table.report)
  }

  private func npy() throws -> DataSet {
    let range = try bounds()
    let array = try NPYSource(source, range: range)
    let signature: Signature
    switch array.shape.count {
    case 2:
      signature = .vector(array.shape[1], scaling: range.map { Scaling(offset: [$0.lowerBound], scale: [$0.upperBound - $0.lowerBound]) })
    case 3, 4:
      guard let range else { throw missingRange("images", array.shape) }
      signature = .image(height: array.shape[1], width: array.shape[2], channels: array.shape.count == 4 ? array.shape[3] : 1, range: range)
    default: throw DataError("\(source) has shape \(array.shape), expected [n, width], [n, height, width] or [n, height, width, channels]")
    }
    try signature.check()
    return DataSet(name: source, rows: array.rows, signature: signature, digest: array.digest)
  }

  private func video(isFolder: Bool) throws -> DataSet {
    guard !isFolder else {
      guard range == nil else { throw DataError("data.range is for npy; png has a range of its own") }
      return try ImageFiles.sequences(source)
    }
    let (range, array) = (try bounds(), try NPYSource(source, range: bounds()))
    guard let range else { throw missingRange("sequences of images", array.shape) }
    return try ImageFiles.sequences(array, range: range, path: source)
  }

  private func bounds() throws(DataError) -> ClosedRange<Float>? {
    guard let range else { return nil }
    guard range.count == 2, range[0] < range[1] else { throw DataError("data.range is \(range), expected two numbers, the smaller first") }
    return range[0]...range[1]
  }

  private func missingRange(_ items: String, _ shape: [Int]) -> DataError {
    DataError("\(source) holds \(items) of shape \(Array(shape.dropFirst())): set data.range to their smallest and largest value, such as [0, 1]")
  }

  private func pairs() throws -> DataSet {
    guard let target else { throw DataError("data.target is missing: it is the file whose lines belong to those of \(source)") }
    return try PairSource(TextSource(source), TextSource(target)).items()
  }
}
