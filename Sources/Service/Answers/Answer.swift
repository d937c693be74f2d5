package import Formats
internal import Modelling
package import Tensors

/// What a request found, before it is written in one of several media types.
package struct Answer: Sendable {
  /// [items, ...]: of the numbers that the plain formats carry; of an answer without numbers how many items it has.
  package let shape: [Int]
  package let scalars: [Float]
  /// The axis of the shape that counts items.
  let itemAxis: Int
  /// The answer as CSV, as PNG, as text and as bytes of its own; nil where it can't be had so, or, of bytes, where the numbers are meant.
  let table: (@Sendable () -> AnswerTable)?
  let png: (@Sendable () throws -> [UInt8])?
  let text: String?
  let bytes: [UInt8]?
  /// Members of the JSON answer after the receipt and the shape.
  package let members: [JSONValue.Member]
  /// The members as builds before a version wrote them; nil where they are the same.
  private(set) var correction: (version: String, members: [JSONValue.Member])?

  /// - Parameters:
  ///   - values: [..., items, numbers of an item or its extents].
  ///   - axis: that of the items, after completed tables where there are several.
  package init(
    _ values: Tensor, itemAxis axis: Int = 0, table: (@Sendable () -> AnswerTable)? = nil, png: (@Sendable () throws -> [UInt8])? = nil,
    members: [JSONValue.Member]
  ) {
    (shape, scalars, itemAxis) = (values.shape.dimensions, values.scalars, axis)
    (self.table, self.png, self.members) = (table, png, members)
    (text, bytes) = (nil, nil)
  }

  /// - Parameter values: [items, columns].
  package init(_ values: Tensor, columns: [String], members: [JSONValue.Member]) {
    self.init(values, table: { AnswerTable(values, columns: columns) }, members: members)
  }

  /// A text an item; one of them is also plain text.
  package init(texts: [String], members: [JSONValue.Member] = []) {
    (shape, scalars, itemAxis) = ([texts.count], [], 0)
    (table, png, bytes) = (nil, nil, nil)
    text = texts.count == 1 ? texts[0] : nil
    self.members = members + [.init(name: "texts", value: .strings(texts))]
  }

  /// Bytes of all items one after the other, as `application/octet-stream`.
  package init(bytes: [[UInt8]], members: [JSONValue.Member]) {
    (shape, scalars, itemAxis) = ([bytes.count], [], 0)
    (table, png, text) = (nil, nil, nil)
    self.bytes = bytes.flatMap { $0 }
    self.members = members
  }

  /// The same answer, which builds before `version` wrote with other members.
  func corrected(in version: String, before members: [JSONValue.Member]) -> Answer {
    var answer = self
    answer.correction = (version, members)
    return answer
  }

  /// The same answer with other members.
  private init(_ answer: Answer, members: [JSONValue.Member]) {
    (shape, scalars, itemAxis) = (answer.shape, answer.scalars, answer.itemAxis)
    (table, png, text, bytes) = (answer.table, answer.png, answer.text, answer.bytes)
    self.members = members
  }

  /// The answer as builds before its correction wrote it, and the version that corrected it.
  var beforeCorrection: (answer: Answer, version: String)? { correction.map { (Answer(self, members: $0.members), $0.version) } }

  /// Items in raw units as the signature describes them; `values` is [n, width].
  static func items(_ values: Tensor, signature: Signature, field: String) -> Answer {
    if let space = signature.space.tokens {
      return Answer(texts: (0..<values.shape[0]).map { space.text(of: values.slice(0, $0..<$0 + 1).scalars) })
    }
    let items = values.reshaped(Shape([values.shape[0]] + signature.space.shape))
    let columns = signature.space.names
    var members: [JSONValue.Member] = []
    if signature.space.table != nil, let columns { members.append(.init(name: "columns", value: .strings(columns))) }
    members.append(.init(name: field, value: .floats(items.scalars, shape: items.shape.dimensions)))
    let table = columns.map { columns -> (@Sendable () -> AnswerTable) in { AnswerTable(values, columns: columns) } }
    let png = signature.space.picture.map { picture -> (@Sendable () throws -> [UInt8]) in { try picture.grid(of: items.scalars) } }
    return Answer(items, table: table, png: png, members: members)
  }
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
    return [.json, signature.space.picture != nil ? .png : .csv, .npy, .floats]
  }
}
