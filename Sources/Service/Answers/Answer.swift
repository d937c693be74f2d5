package import Formats
internal import Modelling
package import Tensors

/// What a request found, before it is written in one of several media types.
package struct Answer: Sendable {
  /// [items, ...]: of the numbers that the plain formats carry; of an answer without numbers how many items it has.
  package let shape: [Int]
  /// How many numbers there are, and a stretch of them, which may be made only now.
  package let count: Int
  let numbers: @Sendable (Range<Int>) -> ArraySlice<Float>
  /// The same numbers where they are doubles; an NPY file has these.
  let doubles: (@Sendable (Range<Int>) -> [Double])?
  /// The axis of the shape that counts items.
  let itemAxis: Int
  /// The answer as a table, as PNG, as text and as bytes of its own; nil where it can't be had so, or, of bytes, where the numbers are meant.
  let table: (@Sendable () -> AnswerTable)?
  let png: (@Sendable () throws -> [UInt8])?
  let text: String?
  let bytes: [UInt8]?
  /// Members of the JSON answer after the receipt and the shape.
  package let members: [JSONDocument.Member]
  /// The members as builds before a version wrote them; nil where they are the same.
  private(set) var correction: (version: String, members: [JSONDocument.Member])?

  /// All numbers that the plain formats carry.
  package var scalars: [Float] { Array(numbers(0..<count)) }

  /// - Parameters:
  ///   - values: [..., items, numbers of an item or its extents].
  ///   - axis: that of the items, after completed tables where there are several.
  package init(
    _ values: Tensor, itemAxis axis: Int = 0, table: (@Sendable () -> AnswerTable)? = nil, png: (@Sendable () throws -> [UInt8])? = nil,
    members: [JSONDocument.Member]
  ) {
    let scalars = values.scalars
    self.init(shape: values.shape.dimensions, numbers: { scalars[$0] }, itemAxis: axis, table: table, png: png, members: members)
  }

  /// - Parameters:
  ///   - shape: of the numbers that the plain formats carry.
  ///   - numbers: a stretch of them.
  init(
    shape: [Int], numbers: @escaping @Sendable (Range<Int>) -> ArraySlice<Float>, doubles: (@Sendable (Range<Int>) -> [Double])? = nil,
    itemAxis axis: Int = 0, table: (@Sendable () -> AnswerTable)? = nil, png: (@Sendable () throws -> [UInt8])? = nil, members: [JSONDocument.Member]
  ) {
    (self.shape, self.numbers, self.doubles, count, itemAxis) = (shape, numbers, doubles, shape.reduce(1, *), axis)
    (self.table, self.png, self.members) = (table, png, members)
    (text, bytes) = (nil, nil)
  }

  /// - Parameter values: [items, columns].
  package init(_ values: Tensor, columns: [String], members: [JSONDocument.Member]) {
    self.init(values, table: { AnswerTable(values, columns: columns) }, members: members)
  }

  /// A text an item; one of them is also plain text.
  package init(texts: [String], members: [JSONDocument.Member] = []) {
    (shape, numbers, doubles, count, itemAxis) = ([texts.count], { _ in [] }, nil, 0, 0)
    (table, png, bytes) = (nil, nil, nil)
    text = texts.count == 1 ? texts[0] : nil
    let characters = texts.reduce(0) { $0 + $1.utf8.count }
    let list = JSONList(count: texts.count, weight: 1 + characters / max(texts.count, 1) / 8) { .string(texts[$0]) }
    self.members = members + [.init(name: "texts", content: .list(list))]
  }

  /// Bytes of all items one after the other, as `application/octet-stream`.
  package init(bytes: [[UInt8]], members: [JSONDocument.Member]) {
    (shape, numbers, doubles, count, itemAxis) = ([bytes.count], { _ in [] }, nil, 0, 0)
    (table, png, text) = (nil, nil, nil)
    self.bytes = bytes.flatMap { $0 }
    self.members = members
  }

  /// The same answer, which builds before `version` wrote with other members.
  func corrected(in version: String, before members: [JSONDocument.Member]) -> Answer {
    var answer = self
    answer.correction = (version, members)
    return answer
  }

  /// The same answer with other members.
  private init(_ answer: Answer, members: [JSONDocument.Member]) {
    (shape, numbers, doubles, count, itemAxis) = (answer.shape, answer.numbers, answer.doubles, answer.count, answer.itemAxis)
    (table, png, text, bytes) = (answer.table, answer.png, answer.text, answer.bytes)
    self.members = members
  }

  /// The answer as builds before its correction wrote it, and the version that corrected it.
  var beforeCorrection: (answer: Answer, version: String)? { correction.map { (Answer(self, members: $0.members), $0.version) } }

  /// Items as the signature describes them; `values` is [n, width] of `Signature.answered`.
  static func items(_ values: Tensor, signature: Signature, field: String) -> Answer {
    if let space = signature.space.tokens {
      return Answer(texts: (0..<values.shape[0]).map { space.text(of: values.slice(0, $0..<$0 + 1).scalars) })
    }
    if let table = signature.space.table, table.isExact { return exact(values, table, field: field) }
    let items = values.reshaped(Shape([values.shape[0]] + signature.space.shape))
    let columns = signature.space.names
    var members: [JSONDocument.Member] = []
    if signature.space.table != nil, let columns { members.append(.init(name: "columns", value: .strings(columns))) }
    members.append(.init(name: field, value: .floats(items.scalars, shape: items.shape.dimensions)))
    let table = columns.map { columns -> (@Sendable () -> AnswerTable) in { AnswerTable(values, columns: columns) } }
    let png = signature.space.picture.map { picture -> (@Sendable () throws -> [UInt8]) in { try picture.grid(of: items.scalars) } }
    return Answer(items, table: table, png: png, members: members)
  }
}

extension Answer {
  /// Rows of a table whose raw numbers are doubles; `values` is [n, width] in model units. Days are texts in CSV, days or times in Arrow, numbers
  /// elsewhere.
  private static func exact(_ values: Tensor, _ table: TableSpace, field: String) -> Answer {
    let (width, filled) = (table.width, values.scalars)
    @Sendable func raw(_ place: Int) -> Double { table.raw(filled[place], at: place % width) }
    let names = table.columns.map(\.name)
    @Sendable func number(_ place: Int) -> JSONValue {
      let (value, resolution) = (raw(place), table.resolution(at: place % width))
      guard value.isFinite else { return .null }
      let text = NumberForm.plain.text(value, resolution: resolution)
      return Int(text).map(JSONValue.integer) ?? .number(Double(text) ?? value)
    }
    let count = values.shape[0]
    let rows = JSONList(count: count, weight: width) { row in .array((0..<width).map { number(row * width + $0) }) }
    return Answer(
      shape: values.shape.dimensions, numbers: { places in ArraySlice(places.map { Float(raw($0)) }) },
      table: {
        var header = CSVWriter()
        header.append(names)
        let columns = AnswerColumns(table.columns.map { ArrowField($0.name, $0.arrowType) }) { range in
          table.columns.enumerated().map { column, own in
            own.arrowColumn(range.map { raw($0 * width + column) }, resolution: table.resolution(at: column))
          }
        }
        return AnswerTable(count: count, header: header.bytes, columns: columns) { range in
          var writer = CSVWriter()
          for row in range {
            writer.append(
              (0..<width).map { column in
                let value = raw(row * width + column)
                return value.isNaN ? "" : table.columns[column].text(value, resolution: table.resolution(at: column))
              })
          }
          return writer.bytes
        }
      }, members: [.init(name: "columns", value: .strings(names)), .init(name: field, content: .list(rows))])
  }
}

extension Signature {
  /// Rows of a model as an answer keeps them: in raw units, or in model units of a table whose raw numbers are doubles.
  func answered(_ model: Tensor) -> Tensor { space.table?.isExact == true ? model : toRaw(model) }
}

extension Picture {
  /// Several pictures are one grid.
  fileprivate func grid(of scalars: [Float]) throws -> [UInt8] {
    try PNG.encode(
      ImageGrid.arrange(scalars.map(sample), count: scalars.count / (height * width * channels), height: height, width: width, channels: channels))
  }
}

extension MediaType {
  /// Types in which items themselves can be had, the default first; one text by itself is text.
  static func ofItems(_ signature: Signature, count: Int? = nil) -> [MediaType] {
    if signature.space.tokens != nil { return count == 1 ? [.json, .text] : [.json] }
    return [.json] + (signature.space.picture != nil ? [.png] : [.csv, .arrow]) + [.npy, .floats]
  }
}
