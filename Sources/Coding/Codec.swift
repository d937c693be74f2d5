/// A way to put symbols onto a message and to take them off again.
///
/// One law, whatever the message: `pop` undoes `push` and `push` undoes `pop`, bit for bit.
///
///     var m = message                     var m = message
///     try codec.push(symbol, onto: &m)    let symbol = try codec.pop(from: &m)
///     try codec.pop(from: &m) == symbol   try codec.push(symbol, onto: &m)
///     m == message                        m == message
///
/// A codec of popped random bits is a sampler: bits back takes its codes from there. A message that no push made may be refused: bits back meets
/// codes in it that its posterior never gives.
package protocol Codec<Symbol> {
  associatedtype Symbol

  func push(_ symbol: Symbol, onto message: inout Message) throws(CodingError)
  func pop(from message: inout Message) throws(CodingError) -> Symbol
}

extension Codec {
  /// - Returns: `array` if it is as long as the codec says.
  func checked<Element>(_ array: [Element], count: Int) throws(CodingError) -> [Element] {
    guard array.count == count else { throw CodingError(.symbol, "symbols", given: "\(array.count)", expected: "\(count)") }
    return array
  }

  /// For a symbol outside the alphabet; out of line, so that loops stay short.
  @inline(never)
  func outside(_ symbol: Int, at index: Int, of alphabet: Int) -> CodingError {
    CodingError(.symbol, "symbols[\(index)]", given: "\(symbol)", expected: alphabet == 1 ? "0" : "0 to \(alphabet - 1)")
  }
}
