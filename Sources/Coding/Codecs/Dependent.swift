/// Two symbols, of which the first is popped first and may decide how the second is coded: its shape, say.
package struct Dependent<First: Codec, Second: Codec>: Codec {
  package let first: First
  package let second: @Sendable (First.Symbol) throws(CodingError) -> Second

  package init(_ first: First, then second: @escaping @Sendable (First.Symbol) throws(CodingError) -> Second) {
    self.first = first
    self.second = second
  }

  package func push(_ symbols: (First.Symbol, Second.Symbol), onto message: inout Message) throws(CodingError) {
    try second(symbols.0).push(symbols.1, onto: &message)
    try first.push(symbols.0, onto: &message)
  }

  package func pop(from message: inout Message) throws(CodingError) -> (First.Symbol, Second.Symbol) {
    let symbol = try first.pop(from: &message)
    return (symbol, try second(symbol).pop(from: &message))
  }
}
