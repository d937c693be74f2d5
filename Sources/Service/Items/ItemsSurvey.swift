internal import Formats
package import Modelling
internal import Tensors

/// How items lie beside what their model learnt from, gathered block by block: numbers that are possible and yet look like another unit give
/// plausible nonsense, so an answer about them says so.
package struct ItemsSurvey: Sendable {
  /// Of the numbers that are there.
  private var (least, most): (Float, Float) = (.infinity, -.infinity)
  /// By column: cells that are far away, and where the first one is.
  private var far: [Int: (count: Int, first: String, value: String)] = [:]
  private var rows = 0
  private var notes: [String] = []

  /// Standard deviations, of training data, from their mean; of a normal variable none is as far away in the age of the universe.
  private static let farDeviations: Float = 30
  /// Of a picture's range: pixels in [0, 1] for a model of [0, 255] fill less of it.
  private static let sliver: Float = 0.01
  private static let namedColumns = 5

  package init() {}

  mutating func note(_ items: Items, _ signature: Signature) {
    for note in items.notes where note.hasPrefix(Self.mark) && !notes.contains(note) { notes.append(note) }
    guard items.count > 0 else { return }
    let space = signature.space
    rows += items.count
    if space.picture != nil {
      for value in items.raw.scalars where !value.isNaN { (least, most) = (min(least, value), max(most, value)) }
    } else if space.isRow, space.scaling != nil, !items.isAnsweredAsBefore {
      let width = signature.width
      for (cell, value) in items.inModelUnits(signature).scalars.enumerated() where value.magnitude > Self.farDeviations {
        let column = cell % width
        guard !space.type(at: column).isDiscrete, space.type(at: column) != .count else { continue }
        if far[column] == nil {
          far[column] = (0, items.place(row: cell / width, cell: column), FloatText.text(items.raw.scalars[cell], missing: "not finite"))
        }
        far[column]?.count += 1
      }
    }
  }

  /// - Parameter known: what the pixels are that the model learnt from.
  private func pictureWarnings(_ known: ClosedRange<Float>) -> [String] {
    let (low, high) = (known.lowerBound, known.upperBound)
    let (found, usual) = ("between \(FloatText.text(least)) and \(FloatText.text(most))", "\(FloatText.text(low)) to \(FloatText.text(high))")
    if most > low, most - low <= Self.sliver * (high - low) {
      return ["all pixels lie \(found), within a hundredth of this model's range of \(usual): were they scaled to [0, 1]? It takes raw pixels"]
    }
    if most - high > high - low || low - least > high - low {
      return ["pixels lie \(found), far outside of the \(usual) that this model learnt from: are they on another scale?"]
    }
    return []
  }

  private static let mark = "warning: "

  /// A sentence each.
  package func warnings(_ signature: Signature) -> [String] {
    var warnings = notes.map { String($0.dropFirst(Self.mark.count)) }
    if let picture = signature.space.picture { warnings += pictureWarnings(signature.seen ?? picture.range) }
    let names = signature.space.names
    for (column, cells) in far.sorted(by: { $0.key < $1.key }).prefix(Self.namedColumns) {
      warnings.append(
        "\(cells.count) of \(rows) values of \(names.map { "\"\($0[column])\"" } ?? "number \(column)") are more than \(Int(Self.farDeviations)) standard "
          + "deviations from what this model learnt from, the first \(cells.first), which is \(cells.value): are they in another unit, or a mark of missing ones?"
      )
    }
    if far.count > Self.namedColumns { warnings.append("so are values of \(far.count - Self.namedColumns) more columns") }
    return warnings
  }
}
