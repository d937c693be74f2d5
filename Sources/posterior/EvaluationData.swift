import Data
import Formats
import Foundation
import Modelling

/// Items of an evaluation, with their classes where it needs them: enough to read them again.
struct EvaluationData: Equatable {
  let source: String
  let split: DataSource.Split
  let limit: Int?
  /// nil where no classes are known, and for data sets known by name, which know theirs.
  let labels: LabelSource?
  /// nil where the name of the source tells it.
  let format: DataSource.Format?
  /// How a table is read; nil: as builds before 0.3 did.
  let reading: TableOptions?

  init(
    _ source: String, split: DataSource.Split, limit: Int?, labels: LabelSource?, format: DataSource.Format? = nil,
    reading: TableOptions? = TableOptions()
  ) {
    self.reading = reading
    // Only data sets that are known by name have splits.
    self.split = NamedDataSet.named(source) == nil ? .train : split
    (self.source, self.limit, self.labels, self.format) = (source, limit, labels, format)
  }

  var isNamed: Bool { NamedDataSet.named(source) != nil }
  var hasLabels: Bool { isNamed || labels != nil }
  /// nil where they are not known.
  var modes: GaussianModes? { NamedDataSet.named(source)?.modes }

  /// As a run recorded it under names with a prefix; the mirror image of `parameters`.
  init?(_ parameters: [String: String], prefix: String) throws {
    guard let source = parameters["\(prefix)data_source"], let split = parameters["\(prefix)split"].flatMap(DataSource.Split.init(rawValue:)) else {
      return nil
    }
    self.init(
      source, split: split, limit: parameters["\(prefix)limit"].flatMap { Int($0) },
      labels: parameters["\(prefix)labels"].flatMap { LabelSource(text: $0) },
      format: parameters["\(prefix)data_format"].flatMap(DataSource.Format.init(rawValue:)),
      reading: try parameters["\(prefix)reading"].map { try StrictJSON.decode(TableOptions.self, from: Array($0.utf8)) })
  }

  func parameters(prefix: String, items: DataSet) -> [String: String] {
    var parameters = [
      "\(prefix)data_source": isNamed ? source : source.absolutePath, "\(prefix)split": split.rawValue,
    ]
    parameters["\(prefix)limit"] = limit.map(String.init)
    parameters["\(prefix)labels"] = labels?.text
    parameters["\(prefix)data_format"] = format?.rawValue
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    parameters["\(prefix)reading"] = try? reading.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
    parameters["\(prefix)labels_digest"] = items.labels?.digest.description
    return parameters
  }

  /// The items in a model's own scaling, which the data set does not know.
  func load(for model: any ModelFamily, withLabels: Bool) throws -> DataSet {
    try Self.load(
      source, format: format, split: split, limit: limit, labels: labels, withLabels: withLabels, reading: reading, for: model.signature, model)
  }

  /// Items as a model's requests read them: a table by the names, marks and categories that the model knows, columns that it does not know being
  /// refused.
  ///
  /// - Parameter isAnySize: whether images of other sizes are taken too.
  static func load(
    _ source: String, format: DataSource.Format? = nil, split: DataSource.Split, limit: Int? = nil, labels: LabelSource? = nil,
    withLabels: Bool = false, reading: TableOptions?, for signature: Signature, _ model: any ModelFamily, ofAnySize isAnySize: Bool = false
  ) throws -> DataSet {
    // Of the formats, NPY does not know its own range, nor do bytes that are no levels.
    let space = signature.space
    let isOfBytes = format == .idx || (format == nil && NamedDataSet.named(source) == nil && DataSource.isIDX(source))
    let isRanged = source.lowercased().hasSuffix(".npy") || (isOfBytes && space.picture.map { $0.range != 0...255 } ?? false)
    let range = isRanged ? space.picture.map { [$0.range.lowerBound, $0.range.upperBound] } : nil
    var given = DataSource(source: source, format: format, split: split, range: range, limit: limit, labels: labels)
    if let table = space.table, NamedDataSet.named(source) == nil, format == .csv || (format == nil && InputArguments.isTable(source)) {
      (given.format, given.known, given.reading) = (.csv, table, reading)
    }
    let isMixed = given.known != nil && Capability.conditionalScoring.of(model) != nil
    let items = try given.load(isMixed: isMixed, withLabels: withLabels, for: space.tokens)
    if isAnySize, let resized = signature.resized(to: items.signature.space.shape) { return items.adopting(resized) }
    guard space.takesItems(of: items.signature.space) else {
      guard space.tokens == nil, items.signature.space.tokens == nil else {
        throw CommandError("\(items.name) holds \(items.signature.space.summary), the model takes \(space.summary)")
      }
      throw CommandError("\(items.name) has items of shape \(items.signature.space.shape), the model takes \(space.shape)")
    }
    for note in items.report?.notes ?? [] where !note.hasPrefix("left out") { CommandError.note(note) }
    return items.adopting(signature)
  }
}
