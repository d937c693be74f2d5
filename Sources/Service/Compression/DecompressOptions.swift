package import Modelling

/// What can be set where a stream is read.
package struct DecompressOptions: Settings {
  package var items: String?
  package var seed: Int?

  package init() {}

  package init(items: String?) { self.items = items }

  package static let table = Table<Self> {
    Setting(
      "items", \.items, "Which items, the first one being 0: 100-199, 100- or 7; all of them where absent. Only the chunks that hold them are read.")
    Setting(
      seedName, \.seed, in: 0..., expected: "0 to 2^63 - 1", "Only told again: nothing is drawn, as the stream says which random bits it begins with."
    )
  }

  /// The items that are meant, of so many.
  package func range(of count: Int) throws(Fault) -> Range<Int> {
    guard let items else { return 0..<count }
    let parts = items.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let ends = parts.map { part in part.allSatisfy { $0.isASCII && $0.isNumber } ? Int(part) : nil }
    let isOpen = parts.count == 2 && parts[1].isEmpty
    guard let first = ends[0], let last = isOpen ? count - 1 : ends[ends.count - 1], first <= last || isOpen else {
      throw Fault(field: "items", given: "\"\(items.prefix(60))\"", expected: "numbers of items like 100-199, 100- or 7")
    }
    guard last < count, first < count else {
      throw Fault(field: "items", given: items, expected: count == 0 ? "none: the stream has no items" : "some of 0 to \(count - 1)")
    }
    return first..<last + 1
  }
}
