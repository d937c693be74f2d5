package import Formats
internal import Modelling
package import Tensors

/// The rows that are computed together: what each is made of, and where its random numbers come from.
package struct Rows: Sendable {
  /// [rows, width] in raw units, or in model units of a table whose raw numbers are doubles; of width 0 where rows are made of no items.
  package let items: Tensor
  package let keys: RowKeys

  package init(items: Tensor, keys: RowKeys) {
    self.items = items
    self.keys = keys
  }

  /// What the model is shown: [rows, width].
  func inModelUnits(_ signature: Signature) -> Tensor { signature.space.table?.isExact == true ? items : signature.toModel(items) }

  func slice(_ range: Range<Int>) -> Rows { Rows(items: items.slice(0, range), keys: keys.slice(range)) }

  /// The rows of several requests of one kind, one after the other.
  static func joined(_ parts: [Rows]) -> Rows {
    if parts.count == 1 { return parts[0] }
    let keys = RowKeys.joined(parts.map(\.keys))
    // Texts of several requests may differ in length.
    let width = parts.reduce(0) { max($0, $1.items.shape[1]) }
    let items = parts.map { part in
      let missing = width - part.items.shape[1]
      return missing == 0 ? part.items : .concatenated([part.items, .full([part.items.shape[0], missing], .nan)], axis: 1)
    }
    return Rows(items: width == 0 ? .zeros([keys.count, 0]) : .concatenated(items), keys: keys)
  }
}

/// What was found of rows, in their order: numbers, and beside or instead of them a text, bytes or a document a row.
package struct RowAnswers: Sendable {
  package enum Content: Sendable, Equatable {
    case none
    case texts([String])
    case bytes([[UInt8]])
    case documents([JSONValue])
  }

  /// [rows, numbers of a row]; of width 0 where an answer has none.
  package let numbers: Tensor
  package let content: Content

  package init(_ numbers: Tensor, _ content: Content = .none) {
    (self.numbers, self.content) = (numbers, content)
    if let count = content.count { precondition(count == numbers.shape[0], "content of \(count) rows beside numbers of \(numbers.shape[0])") }
  }

  package static func texts(_ texts: [String]) -> RowAnswers { RowAnswers(.zeros([texts.count, 0]), .texts(texts)) }
  package static func bytes(_ bytes: [[UInt8]]) -> RowAnswers { RowAnswers(.zeros([bytes.count, 0]), .bytes(bytes)) }
  package static func documents(_ documents: [JSONValue]) -> RowAnswers { RowAnswers(.zeros([documents.count, 0]), .documents(documents)) }

  package var count: Int { numbers.shape[0] }

  func slice(_ range: Range<Int>) -> RowAnswers { RowAnswers(numbers.slice(0, range), content.slice(range)) }
}

extension RowAnswers.Content {
  fileprivate var count: Int? {
    switch self {
    case .none: nil
    case .texts(let texts): texts.count
    case .bytes(let bytes): bytes.count
    case .documents(let documents): documents.count
    }
  }

  fileprivate func slice(_ range: Range<Int>) -> Self {
    switch self {
    case .none: .none
    case .texts(let texts): .texts(Array(texts[range]))
    case .bytes(let bytes): .bytes(Array(bytes[range]))
    case .documents(let documents): .documents(Array(documents[range]))
    }
  }

  /// Parts of one request have one kind of content.
  static func joined(_ parts: [Self]) -> Self {
    switch parts[0] {
    case .none: return .none
    case .texts: return .texts(parts.flatMap { if case .texts(let texts) = $0 { texts } else { [String]() } })
    case .bytes: return .bytes(parts.flatMap { if case .bytes(let bytes) = $0 { bytes } else { [[UInt8]]() } })
    case .documents: return .documents(parts.flatMap { if case .documents(let documents) = $0 { documents } else { [JSONValue]() } })
    }
  }
}
