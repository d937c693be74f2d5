internal import Formats
internal import Modelling
internal import Tensors

/// Completed images as one picture, a line an item.
///
///     with its hole | completed | completed | ... | as it was sent, where a mask hid some of it
struct Inpaintings: Sendable {
  let completed: CompletedTable
  /// False: the completed versions alone.
  let compares: Bool

  /// The level of a missing pixel.
  private static let hole: UInt8 = 128

  func png() throws -> [UInt8] {
    let items = completed.items
    guard let picture = completed.signature.space.picture else { preconditionFailure("inpaintings are of images") }
    let (width, versions) = (completed.signature.width, completed.tables)
    var samples: [UInt8] = []
    func append(_ numbers: ArraySlice<Float>) { samples += numbers.map { $0.isNaN ? Self.hole : picture.sample($0) } }
    for row in 0..<items.count {
      if compares { append(items.raw.scalars[row * width..<(row + 1) * width]) }
      for version in 0..<versions {
        append(completed.numbers(of: version, row))
      }
      if compares, let unmasked = items.unmasked { append(unmasked.scalars[row * width..<(row + 1) * width]) }
    }
    let columns = samples.count / (items.count * width)
    return try PNG.encode(
      ImageGrid.arrange(
        samples, count: items.count * columns, height: picture.height, width: picture.width, channels: picture.channels, columns: columns))
  }
}
