/// Codecs one after the other. They stand in the order in which symbols are popped.
package struct Serial<Part: Codec>: Codec {
  package let codecs: [Part]

  package init(_ codecs: [Part]) { self.codecs = codecs }

  package init(repeating codec: Part, count: Int) { self.init([Part](repeating: codec, count: count)) }

  package func push(_ symbols: [Part.Symbol], onto message: inout Message) throws(CodingError) {
    for (codec, symbol) in zip(codecs, try checked(symbols, count: codecs.count)).reversed() { try codec.push(symbol, onto: &message) }
  }

  package func pop(from message: inout Message) throws(CodingError) -> [Part.Symbol] {
    var symbols: [Part.Symbol] = []
    for codec in codecs { symbols.append(try codec.pop(from: &message)) }
    return symbols
  }
}
