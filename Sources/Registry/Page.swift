/// A piece of a list; the next one begins after the last item of this one, whatever is added or removed meanwhile.
package struct Page<Item: Sendable>: Sendable {
  /// How many items a page may be asked to hold.
  package static var limits: ClosedRange<Int> { 1...1000 }

  package let items: [Item]
  /// nil on the last page.
  package let nextPageToken: String?

  /// - Parameter items: one more than `limit` where there are more.
  init(_ items: [Item], limit: Int, token: (Item) -> String) {
    self.items = Array(items.prefix(limit))
    nextPageToken = items.count > limit ? self.items.last.map(token) : nil
  }

  init(_ items: [Item], nextPageToken: String?) {
    self.items = items
    self.nextPageToken = nextPageToken
  }

  static func validate(limit: Int) throws(StoreError) {
    guard limits.contains(limit) else { throw .invalidLimit(given: limit, allowed: limits) }
  }
}
