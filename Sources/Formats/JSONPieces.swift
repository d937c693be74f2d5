/// A document's text in pieces, each written only when it is asked for, so that the text of a large document never stands in memory as a whole.
///
/// Joined they are `JSONValue.text`. A piece holds some `limit` numbers and names; a value that can't be cut, such as one long string, may make it longer.
package struct JSONPieces: RandomAccessCollection, Sendable {
  private enum Part: Sendable {
    case text([UInt8])
    case value(JSONValue)
    case members(ArraySlice<JSONValue.Member>)
    case elements(ArraySlice<JSONValue>)
    case numbers(NumberArray, Range<Int>)
    case list(JSONList, Range<Int>)
  }
  private var groups: [[Part]] = [[]]
  private var weight = 0
  private let limit: Int

  package init(_ document: JSONDocument, limit: Int = 1 << 15) {
    self.limit = limit
    cut(document)
  }

  package init(_ document: JSONValue, limit: Int = 1 << 15) { self.init(.value(document), limit: limit) }

  package var startIndex: Int { 0 }
  package var endIndex: Int { groups.count }

  package subscript(index: Int) -> [UInt8] {
    var text: [UInt8] = []
    for part in groups[index] {
      switch part {
      case .text(let bytes): text += bytes
      case .value(let value): value.append(to: &text)
      case .members(let members): JSONValue.append(members, to: &text)
      case .elements(let values): JSONValue.append(values, to: &text)
      case .list(let list, let range):
        for index in range {
          if index > range.lowerBound { text.append(UInt8(ascii: ",")) }
          list.element(index).append(to: &text)
        }
      case .numbers(let array, let range): FloatText.appendJSON(array.scalars, shape: array.shape, range: range, to: &text)
      }
    }
    return text
  }

  private mutating func add(_ part: Part, weight more: Int) {
    if weight > 0, weight + more > limit {
      groups.append([])
      weight = 0
    }
    groups[groups.count - 1].append(part)
    weight += more
  }

  private mutating func cut(_ document: JSONDocument) {
    switch document {
    case .value(let value): cut(value)
    case .object(let members):
      add(.text(Array("{".utf8)), weight: 0)
      for (index, member) in members.enumerated() {
        var name = index > 0 ? Array(",".utf8) : []
        JSONValue.append(member.name, to: &name)
        add(.text(name + Array(":".utf8)), weight: 1)
        cut(member.content)
      }
      add(.text(Array("}".utf8)), weight: 0)
    case .array(let documents):
      add(.text(Array("[".utf8)), weight: 0)
      for (index, document) in documents.enumerated() {
        if index > 0 { add(.text(Array(",".utf8)), weight: 0) }
        cut(document)
      }
      add(.text(Array("]".utf8)), weight: 0)
    case .list(let list):
      add(.text(Array("[".utf8)), weight: 0)
      let step = Swift.max(1, limit / list.weight)
      for start in stride(from: 0, to: list.count, by: step) {
        if start > 0 { add(.text(Array(",".utf8)), weight: 0) }
        let range = start..<Swift.min(start + step, list.count)
        add(.list(list, range), weight: range.count * list.weight)
      }
      add(.text(Array("]".utf8)), weight: 0)
    }
  }

  private mutating func cut(_ value: JSONValue) {
    let whole = value.weight
    guard whole > limit else { return add(.value(value), weight: whole) }
    switch value {
    case .null, .bool, .integer, .number, .string: add(.value(value), weight: whole)
    case .numbers(let array):
      for start in stride(from: 0, to: array.scalars.count, by: limit) {
        let range = start..<Swift.min(start + limit, array.scalars.count)
        add(.numbers(array, range), weight: range.count)
      }
    case .array(let values):
      add(.text(Array("[".utf8)), weight: 0)
      cut(values[...], weight: \.weight, as: Part.elements) { pieces, value in pieces.cut(value) }
      add(.text(Array("]".utf8)), weight: 0)
    case .object(let members):
      add(.text(Array("{".utf8)), weight: 0)
      cut(members[...], weight: { 1 + $0.value.weight }, as: Part.members) { pieces, member in
        var name: [UInt8] = []
        JSONValue.append(member.name, to: &name)
        pieces.add(.text(name + Array(":".utf8)), weight: 1)
        pieces.cut(member.value)
      }
      add(.text(Array("}".utf8)), weight: 0)
    }
  }

  /// Runs of small elements together, large ones each by itself.
  private mutating func cut<Element>(
    _ elements: ArraySlice<Element>, weight: (Element) -> Int, as part: (ArraySlice<Element>) -> Part,
    large: (inout JSONPieces, Element) -> Void
  ) {
    var start = elements.startIndex
    var run = 0
    func comma(_ pieces: inout JSONPieces, at index: Int) {
      if index > elements.startIndex { pieces.add(.text(Array(",".utf8)), weight: 0) }
    }
    func close(_ pieces: inout JSONPieces, at end: Int) {
      guard start < end else { return }
      comma(&pieces, at: start)
      pieces.add(part(elements[start..<end]), weight: run)
      (start, run) = (end, 0)
    }
    for index in elements.indices {
      let more = weight(elements[index])
      if run + more > limit { close(&self, at: index) }
      if more > limit {
        comma(&self, at: index)
        large(&self, elements[index])
        start = index + 1
      } else {
        run += more
      }
    }
    close(&self, at: elements.endIndex)
  }
}

extension JSONValue {
  /// Numbers, names and texts of it, each counted as one for every eight bytes.
  fileprivate var weight: Int {
    switch self {
    case .null, .bool, .integer, .number: 1
    case .string(let text): 1 + text.utf8.count / 8
    case .numbers(let array): Swift.max(array.scalars.count, 1)
    case .array(let values): values.reduce(1) { $0 + $1.weight }
    case .object(let members): members.reduce(1) { $0 + 1 + $1.value.weight }
    }
  }
}
