/// A JSON document of which large lists are made only while they are written, element by element, so that what it says never stands in memory as a
/// whole.
package indirect enum JSONDocument: Sendable {
  case value(JSONValue)
  case object([Member])
  case array([JSONDocument])
  case list(JSONList)

  package struct Member: Sendable {
    package let name: String
    package let content: JSONDocument

    package init(name: String, content: JSONDocument) { (self.name, self.content) = (name, content) }
    package init(name: String, value: JSONValue) { self.init(name: name, content: .value(value)) }
  }

  /// The whole text.
  package var text: [UInt8] { JSONPieces(self).reduce(into: []) { $0 += $1 } }
}

/// An array whose elements are made anew whenever they are wanted.
package struct JSONList: Sendable {
  package let count: Int
  /// Numbers and names of an element, about: how many make a piece of text.
  let weight: Int
  package let element: @Sendable (Int) -> JSONValue

  package init(count: Int, weight: Int = 1, _ element: @escaping @Sendable (Int) -> JSONValue) {
    (self.count, self.weight, self.element) = (count, Swift.max(weight, 1), element)
  }
}
