internal import Formats
package import Modelling
package import Tensors

/// Items as a client sent them: raw values, one row an item, and how to speak of a cell in an error.
package struct Items: Sendable {
  /// [n, width] in raw units, of texts as wide as the longest; NaN is missing.
  package let raw: Tensor
  /// The same in model units, of a table whose raw numbers are doubles, as they were read; nil where they follow from `raw`.
  private let exact: Tensor?
  /// The raw numbers as doubles, where a table is wanted back value for value; else nil.
  let doubles: [Double]?
  /// What a user should know of how they were read, a sentence each.
  package var notes: [String] = []
  /// Which values of what was sent are not among the numbers, as the end of a sentence; nil where all of them are.
  private(set) var lost: String?
  /// Whether an answer has the form that builds before 0.3 gave it.
  package var isAnsweredAsBefore = false
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

  package init(
    raw: Tensor, exact: Tensor? = nil, doubles: [Double]? = nil, layout: Layout, sent: SentTable? = nil, unmasked: Tensor? = nil, firstRow: Int = 0
  ) {
    self.raw = raw
    self.exact = exact
    self.doubles = doubles
    self.firstRow = firstRow
    self.layout = layout
    self.sent = sent
    self.unmasked = unmasked
  }

  /// The same items without the numbers at which `hidden` is 1: [n, width].
  func hiding(_ hidden: Tensor) -> Items {
    let holed = Tensor(shape: raw.shape, scalars: zip(raw.scalars, hidden.scalars).map { $1 == 0 ? $0 : .nan })
    var items = Items(raw: holed, layout: layout, sent: sent, unmasked: unmasked ?? raw, firstRow: firstRow)
    (items.notes, items.isAnsweredAsBefore) = (notes, isAnsweredAsBefore)
    return items
  }

  /// Some of the items, by their places among these.
  func slice(_ rows: Range<Int>) -> Items {
    let width = raw.shape[1]
    return Items(
      raw: raw.slice(0, rows), exact: exact?.slice(0, rows), doubles: doubles.map { Array($0[rows.lowerBound * width..<rows.upperBound * width]) },
      layout: layout, sent: sent?.rows(rows), firstRow: firstRow + rows.lowerBound
    ).losing(lost)
  }

  /// The same items, of which some values were lost on the way.
  func losing(_ lost: String?) -> Items {
    var items = self
    items.lost = lost
    return items
  }

  /// What a model is shown of them: [n, width] in model units.
  package func inModelUnits(_ signature: Signature) -> Tensor { exact ?? signature.toModel(raw) }

  /// The rows of a request about them: in model units where raw numbers are doubles.
  func forRows(_ signature: Signature) -> Tensor { signature.space.table?.isExact == true ? inModelUnits(signature) : raw }

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
    if signature.space.tokens != nil { return try checkTexts() }
    guard let fault = raw.scalars.firstIndex(where: \.isNaN) else { return }
    let place = place(row: fault / signature.width, cell: fault % signature.width)
    throw Problem(
      .impossible, "\(place) is missing; this operation needs complete items. To fill in missing values use a model with the operation impute.",
      field: place, given: "null", expected: "a number")
  }

  /// Numbers in model units, standard deviations of a table's, whose squares and products float32 still holds.
  private static let farthest: Float = 1e15

  /// Refuses values that items of the signature's space can't have, such as infinite ones, or levels out of an image's range, and those that are so
  /// far from all that a model has seen that it could only answer with no numbers.
  package func checkValues(_ signature: Signature) throws {
    guard count > 0 else { return }
    // Doubles were checked as they were read.
    if exact == nil, let fault = signature.space.firstRefused(in: raw) {
      throw refusal(fault, expected: signature.space.expectation(at: fault % raw.shape[1]))
    }
    guard signature.space.isRow, let far = inModelUnits(signature).scalars.firstIndex(where: { $0.magnitude > Self.farthest }) else { return }
    throw refusal(far, expected: "a number within 1e15 deviations of those that the model knows")
  }

  private func refusal(_ cell: Int, expected: String) -> Problem {
    // Texts are rows as wide as the longest of them.
    let width = raw.shape[1]
    let place = place(row: cell / width, cell: cell % width)
    let given = FloatText.text(raw.scalars[cell], missing: "not finite")
    return Problem(.impossible, "\(place) is \(given), expected \(expected).", field: place, given: given, expected: expected)
  }

  /// Names for a sentence.
  static func list(_ names: [String], limit: Int = 20) -> String {
    names.count <= limit ? names.joined(separator: ", ") : names.prefix(limit).joined(separator: ", ") + " and \(names.count - limit) more"
  }
}
