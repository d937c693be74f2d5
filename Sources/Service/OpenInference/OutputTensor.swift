internal import Formats
internal import Modelling
internal import Tensors

/// A tensor of an answer with its elements.
struct OutputTensor: Sendable {
  enum Elements: Sendable {
    case floats([Float])
    case doubles([Double])
    case integers([Int])
    case texts([String])
  }

  let name: String
  let type: TensorType
  let shape: [Int]
  let elements: Elements

  init(_ output: OutputForm, of answer: Answer) {
    (name, type) = (output.form.name, output.form.type)
    let n = answer.shape[answer.itemAxis]
    let width = answer.count / max(n, 1)
    /// Of an answer of one row an item.
    func part(_ range: Range<Int>) -> [Float] {
      let all = answer.scalars
      return range == 0..<width ? all : (0..<n).flatMap { all[$0 * width + range.lowerBound..<$0 * width + range.upperBound] }
    }
    func assignment(_ range: Range<Int>) -> ComponentAssignment { ComponentAssignment(Tensor(shape: [n, range.count], scalars: part(range))) }
    switch output.source {
    case .numbers: (shape, elements) = (answer.shape, .floats(answer.scalars))
    case .part(let range): (shape, elements) = ([n] + output.form.shape.dropFirst(), .floats(part(range)))
    case .codes(let range): (shape, elements) = ([n, range.count], .integers(part(range).map { Int($0) }))
    case .component(let range): (shape, elements) = ([n], .integers(assignment(range).components))
    case .probability(let range): (shape, elements) = ([n], .floats(assignment(range).probabilities))
    case .label(let range, let names): (shape, elements) = ([n], .texts(assignment(range).components.map { names[$0] }))
    case .entropy(let range): (shape, elements) = ([n], .floats(assignment(range).entropies))
    case .texts:
      let texts = answer.texts
      (shape, elements) = ([texts.count], .texts(texts))
    case .completed(let column):
      let cells = answer.completed(column)
      shape = Array(answer.shape.dropLast())
      elements = type == .bytes ? .texts(cells.map(\.cellText)) : .doubles(cells.map(\.cellNumber))
    }
  }

  /// Little-endian elements, row by row.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    switch elements {
    case .floats(let floats): FloatBytes.append(floats, to: &bytes)
    case .doubles(let doubles): for number in doubles { withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes += $0 } }
    case .integers(let integers): for number in integers { withUnsafeBytes(of: Int64(number).littleEndian) { bytes += $0 } }
    case .texts(let texts):
      for text in texts {
        withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { bytes += $0 }
        bytes += Array(text.utf8)
      }
    }
    return bytes
  }

  /// A flat array; null for what is no number.
  func appendData(to text: inout [UInt8]) {
    switch elements {
    case .floats(let floats): FloatText.appendJSON(floats, shape: [floats.count], to: &text)
    case .doubles(let doubles): text += JSONValue.array(doubles.map { $0.isFinite ? .number($0) : .null }).text
    case .integers(let integers): text += JSONValue.array(integers.map(JSONValue.integer)).text
    case .texts(let texts): text += JSONValue.strings(texts).text
    }
  }
}

extension Answer {
  /// A text an item.
  fileprivate var texts: [String] {
    guard case .list(let list)? = members.first(where: { $0.name == "texts" })?.content else { return [] }
    return (0..<list.count).map { if case .string(let text) = list.element($0) { text } else { "" } }
  }

  /// The cells of a column of completed rows, table after table.
  fileprivate func completed(_ column: String) -> [JSONValue] {
    let tables: [JSONDocument] =
      switch members.first(where: { $0.name == "completed" })?.content {
      case .array(let tables)?: tables
      case let table?: [table]
      case nil: []
      }
    return tables.flatMap { table -> [JSONValue] in
      guard case .list(let rows) = table else { return [] }
      return (0..<rows.count).map { rows.element($0)[column] ?? .null }
    }
  }
}

extension JSONValue {
  /// A category or a day.
  fileprivate var cellText: String {
    switch self {
    case .string(let text): text
    case .null: ""
    default: String(decoding: text, as: UTF8.self)
    }
  }

  fileprivate var cellNumber: Double {
    switch self {
    case .integer(let number): Double(number)
    case .number(let number): number
    default: .nan
    }
  }
}
