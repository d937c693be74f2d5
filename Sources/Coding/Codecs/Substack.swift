/// A codec that uses some of the lanes, counted from the first one that is seen, and leaves the others alone.
package struct Substack<Part: Codec>: Codec {
  package let lanes: Range<Int>
  package let codec: Part

  package init(lanes: Range<Int>, _ codec: Part) {
    self.lanes = lanes
    self.codec = codec
  }

  package func push(_ symbol: Part.Symbol, onto message: inout Message) throws(CodingError) {
    try message.narrowed(to: lanes) { message throws(CodingError) in try codec.push(symbol, onto: &message) }
  }

  package func pop(from message: inout Message) throws(CodingError) -> Part.Symbol {
    try message.narrowed(to: lanes) { message throws(CodingError) in try codec.pop(from: &message) }
  }
}
