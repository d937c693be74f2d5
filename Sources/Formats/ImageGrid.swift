/// Several images as one: a grid as nearly square as the images allow, filled row by row.
package enum ImageGrid {
  /// Arranges `pixels: [count, height, width, channels]`; cells that no image fills have the separator's level.
  ///
  ///     a | b | c        count = 5, three columns
  ///     --+---+--
  ///     d | e |
  ///
  /// - Parameters:
  ///   - separator: pixels between neighbours; none around the outside, so one image is itself.
  ///   - rowSeparator: pixels between rows, where they should stand further apart.
  ///   - separatorLevel: the sample value of separators and empty cells.
  ///   - columns: nil for the most nearly square grid.
  package static func arrange(
    _ pixels: [UInt8], count: Int, height: Int, width: Int, channels: Int, separator: Int = 2, rowSeparator: Int? = nil,
    separatorLevel: UInt8 = 255, columns: Int? = nil
  ) -> Raster {
    let rowSeparator = rowSeparator ?? separator
    precondition(count > 0 && separator >= 0 && rowSeparator >= 0, "a grid has at least one image and no negative gap")
    precondition(pixels.count == count * height * width * channels, "\(pixels.count) samples for [\(count), \(height), \(width), \(channels)]")
    let columns = columns ?? Self.columns(count: count, height: height + rowSeparator, width: width + separator)
    let rows = (count + columns - 1) / columns
    let gridHeight = rows * (height + rowSeparator) - rowSeparator
    let gridWidth = columns * (width + separator) - separator
    var grid = [UInt8](repeating: separatorLevel, count: gridHeight * gridWidth * channels)
    let line = width * channels
    for image in 0..<count {
      let top = image / columns * (height + rowSeparator)
      let left = image % columns * (width + separator)
      for y in 0..<height {
        let source = (image * height + y) * line
        let target = ((top + y) * gridWidth + left) * channels
        grid.replaceSubrange(target..<target + line, with: pixels[source..<source + line])
      }
    }
    return Raster(height: gridHeight, width: gridWidth, channels: channels, pixels: grid)
  }

  /// The fewest columns that make the grid at least as wide as high: columns * width >= count / columns * height.
  static func columns(count: Int, height: Int, width: Int) -> Int {
    let ideal = (Double(count) * Double(height) / Double(width)).squareRoot()
    return min(count, max(1, Int(ideal.rounded(.up))))
  }
}
