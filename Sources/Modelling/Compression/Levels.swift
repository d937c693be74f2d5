internal import Formats
package import Tensors

/// Raw items as symbols, the numbers of their levels, and back; both ways keep every value.
package struct Levels: Sendable {
  package let count: Int
  package let signature: Signature

  package init(_ count: Int, _ signature: Signature) { (self.count, self.signature) = (count, signature) }

  /// - Parameters:
  ///   - raw: [n, width], as clients send items.
  ///   - first: the number of the first of them, for errors.
  ///   - place: what errors call a number of an item, where that is not `items[3][0][7]`.
  /// - Throws: at a number that no level is.
  package func symbols(of raw: Tensor, first: Int = 0, place: ((_ item: Int, _ number: Int) -> String)? = nil) throws(Fault) -> [[Int]] {
    let width = signature.width
    let last = Float(count - 1)
    let symbols = signature.toModel(raw).scalars.map { $0.isNaN ? 0 : Int(min(max(($0 * last).rounded(), 0), last)) }
    let items = stride(from: 0, to: symbols.count, by: width).map { Array(symbols[$0..<$0 + width]) }
    let given = raw.scalars
    for (index, (value, level)) in zip(given, self.raw(items).scalars).enumerated() where value != level {
      let (item, number) = (first + index / width, index % width)
      throw refusal(of: value, place?(item, number) ?? self.place(item, number), number)
    }
    return items
  }

  /// Items as clients get them: [items, width].
  package func raw(_ items: [[Int]]) -> Tensor { signature.toRaw(units(items)) }

  /// Items in model units: [items, width].
  package func units(_ items: [[Int]]) -> Tensor {
    let last = Float(count - 1)
    return Tensor(shape: [items.count, signature.width], scalars: items.flatMap { $0.map { Float($0) / last } })
  }

  private func place(_ item: Int, _ number: Int) -> String {
    var (rest, place) = (number, "")
    for size in signature.space.shape.reversed() {
      place = "[\(rest % size)]" + place
      rest /= size
    }
    return "items[\(item)]\(place)"
  }

  private func refusal(of value: Float, _ place: String, _ number: Int) -> Fault {
    let (offset, scale) = signature.space.scaling(at: number)
    let ends = (FloatText.text(offset), FloatText.text(offset + scale))
    let expected =
      count == 2 ? "\(ends.0) or \(ends.1): the model's likelihood is of zeros and ones" : "one of \(count) levels from \(ends.0) to \(ends.1)"
    return Fault(field: place, given: FloatText.text(value), expected: expected)
  }
}
