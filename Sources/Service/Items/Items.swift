internal import Formats
package import Modelling
package import Tensors

/// Items as a client sent them: raw values, one row an item, and how to speak of a cell in an error.
package struct Items: Sendable {
  /// [n, width] in raw units; NaN is missing.
  package let raw: Tensor
  /// How the client addressed the cells.
  package let layout: Layout
  /// What the client sent, where it is wanted back; nil for plain numbers, which `raw` holds.
  package let sent: SentTable?
  /// The numbers as they were sent, where a mask hid some of them; in `raw` those are missing.
  package let unmasked: Tensor?
  /// The place of the first of them among all items of the request, where these are a block of them.
  package let firstRow: Int

  package enum Layout: Sendable, Equatable {
    /// Nested arrays below a field: `inputs[3][2][5]`.
    case nested(field: String, shape: [Int])
    /// Named columns: `rows[3].age`.
    case named(field: String, columns: [String])
  }

  package init(raw: Tensor, layout: Layout, sent: SentTable? = nil, unmasked: Tensor? = nil, firstRow: Int = 0) {
    self.raw = raw
    self.firstRow = firstRow
    self.layout = layout
    self.sent = sent
    self.unmasked = unmasked
  }

  /// The same items without the numbers at which `hidden` is 1: [n, width].
  func hiding(_ hidden: Tensor) -> Items {
    let holed = Tensor(shape: raw.shape, scalars: zip(raw.scalars, hidden.scalars).map { $1 == 0 ? $0 : .nan })
    return Items(raw: holed, layout: layout, sent: sent, unmasked: unmasked ?? raw, firstRow: firstRow)
  }

  /// Of a request that brings none.
  static let none = Items(raw: .zeros([0, 0]), layout: .nested(field: "inputs", shape: []))

  package var count: Int { raw.shape[0] }

  /// Where the number `cell` of item `row` of these stands in the request.
  package func place(row: Int, cell: Int) -> String {
    let row = firstRow + row
    switch layout {
    case .nested(let field, let shape):
      var (rest, indices) = (cell, [Int]())
      for extent in shape.reversed() {
        indices.insert(rest % extent, at: 0)
        rest /= extent
      }
      return "\(field)[\(row)]" + indices.map { "[\($0)]" }.joined()
    case .named(let field, let columns): return "\(field)[\(row)].\(columns[cell])"
    }
  }

  var hasMissing: Bool { raw.scalars.contains(where: \.isNaN) }

  /// Refuses missing cells.
  package func checkComplete(_ signature: Signature) throws {
    guard let fault = raw.scalars.firstIndex(where: \.isNaN) else { return }
    let place = place(row: fault / signature.width, cell: fault % signature.width)
    throw Problem(
      .impossible, "\(place) is missing; this operation needs complete items. To fill in missing values use a model with the operation impute.",
      field: place, given: "null", expected: "a number")
  }

  /// Refuses infinite values, values outside the range that the signature declares, and values that a column can't have.
  package func checkValues(_ signature: Signature) throws {
    guard count > 0 else { return }
    let width = signature.width
    let range = signature.range.map { $0[0]...$0[1] }
    let columns = signature.columns
    let fault = raw.withScalars { x -> Int? in
      (0..<raw.count).first { index in
        if x[index].isNaN { return false }
        if let columns { return !columns[index % width].accepts(x[index]) }
        return x[index].isInfinite || range.map { !$0.contains(x[index]) } ?? false
      }
    }
    guard let fault else { return }
    let (place, value) = (place(row: fault / width, cell: fault % width), raw.scalars[fault])
    let expected =
      columns?[fault % width].expectation
      ?? range.map { "a number from \(Self.text($0.lowerBound)) to \(Self.text($0.upperBound))" } ?? "a finite number"
    throw Problem(.impossible, "\(place) is \(Self.text(value)), expected \(expected).", field: place, given: Self.text(value), expected: expected)
  }

  /// Names for a sentence.
  static func list(_ names: [String], limit: Int = 20) -> String {
    names.count <= limit ? names.joined(separator: ", ") : names.prefix(limit).joined(separator: ", ") + " and \(names.count - limit) more"
  }

  static func text(_ value: Float) -> String {
    var text: [UInt8] = []
    FloatText.append(value, to: &text, missing: "not finite")
    return String(decoding: text, as: UTF8.self)
  }
}
