internal import Locking

/// A step of a history: where a tensor came from, what its pullback needs, and the pullback.
///
/// What it keeps has no history itself, so that passes nobody watches are plain arithmetic and memory is freed from the end.
final class Origin: Sendable {
  /// Emptied once, when this node is freed.
  private let links: Protected<[Origin?]>
  let x: [Tensor]
  let y: Tensor?
  let kernel: Pullback?
  let formula: Pullback
  /// The function that recorded it.
  let operation: StaticString

  init(inputs: [Origin?], x: [Tensor], y: Tensor?, kernel: Pullback?, formula: @escaping Pullback, operation: StaticString) {
    links = Protected(inputs)
    (self.x, self.y, self.kernel, self.formula, self.operation) = (x, y, kernel, formula, operation)
  }

  /// The start of a history: a watched tensor.
  convenience init() { self.init(inputs: [], x: [], y: nil, kernel: nil, formula: { _ in [] }, operation: "watched()") }

  /// One entry an input; nil for an input that nobody watches.
  var inputs: [Origin?] { links.withLock { $0 } }

  private func surrenderInputs() -> [Origin?] {
    links.withLock { links in
      defer { links = [] }
      return links
    }
  }

  /// Frees a history from its end in a loop: left to the references alone, a long one would nest a call for every step and overflow the stack.
  deinit {
    var pending = surrenderInputs()
    while let last = pending.indices.last {
      let inputs = isKnownUniquelyReferenced(&pending[last]) ? pending[last]?.surrenderInputs() ?? [] : []
      pending.removeLast()
      pending += inputs
    }
  }
}
