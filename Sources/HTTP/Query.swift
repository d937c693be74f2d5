/// The decoded items of a target's query, in order: `a=1&b=two+words`.
package struct Query: Sendable, Equatable {
  package struct Item: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package var items: [Item]

  package init(_ items: [Item] = []) { self.items = items }

  /// The first value of `name`; "" for an item without `=`.
  package subscript(_ name: String) -> String? { items.first { $0.name == name }?.value }

  package func values(of name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }
}
