/// First in, first out, in constant time on average.
struct Queue<Element> {
  private var elements: [Element] = []
  /// Taken from the front; cut off when they are half of all.
  private var taken = 0

  var count: Int { elements.count - taken }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func popFirst() -> Element? {
    guard !isEmpty else { return nil }
    let element = elements[taken]
    taken += 1
    if taken > 64, taken * 2 > elements.count {
      elements.removeFirst(taken)
      taken = 0
    }
    return element
  }

  mutating func removeAll(where predicate: (Element) -> Bool) {
    elements.removeFirst(taken)
    taken = 0
    elements.removeAll(where: predicate)
  }
}
