internal import Modelling

/// Where a hole lies in the middle of a canvas.
///
/// A canvas is an image with room around it, of extents that the network halves so often. The network fills in the middle half of its height and width,
/// the *window*; so a canvas is laid over an image with the hole in its middle, and what of it lies outside of the image is as unknown as the hole.
struct HoleWindow: Hashable, Sendable {
  /// The image's row and column under the canvas's first.
  let top: Int
  let left: Int
  /// The hidden pixels that are this window's, as places in the image, ascending.
  let pixels: [Int]
}

/// The extents of canvas and window.
struct HoleCanvas: Sendable {
  let image: (height: Int, width: Int)
  let height: Int
  let width: Int

  /// - Parameter halvings: of the canvas by the network, after which both extents are still even.
  init(_ picture: Picture, halvings: Int) {
    let unit = 1 << (halvings + 1)
    func rounded(_ extent: Int) -> Int { (extent + unit - 1) / unit * unit }
    image = (picture.height, picture.width)
    (height, width) = (rounded(picture.height), rounded(picture.width))
  }

  var window: (height: Int, width: Int) { (height / 2, width / 2) }

  /// Where a canvas lies over an image of which nothing is hidden.
  var whole: HoleWindow { HoleWindow(top: (image.height - height) >> 1, left: (image.width - width) >> 1, pixels: []) }

  /// The windows of a hole, in the order in which they are filled in: one around a hole that fits, else the parts of a grid over it that hide something,
  /// line by line. None where nothing is hidden.
  func windows(hiding isHidden: (_ pixel: Int) -> Bool) -> [HoleWindow] {
    let hidden = (0..<image.height * image.width).filter(isHidden)
    guard let box = extent(hidden) else { return [] }
    // As few parts as there can be, of about the same extents.
    let (lines, columns) = ((box.rows.count + window.height - 1) / window.height, (box.columns.count + window.width - 1) / window.width)
    if lines == 1, columns == 1 { return [window(around: box, hidden)] }
    let parts = Dictionary(grouping: hidden) { pixel in
      let (row, column) = (pixel / image.width - box.rows.lowerBound, pixel % image.width - box.columns.lowerBound)
      return row * lines / box.rows.count * columns + column * columns / box.columns.count
    }
    return parts.sorted { $0.key < $1.key }.compactMap { _, pixels in extent(pixels).map { window(around: $0, pixels) } }
  }

  private func extent(_ pixels: [Int]) -> (rows: Range<Int>, columns: Range<Int>)? {
    guard let first = pixels.first, let last = pixels.last else { return nil }
    let columns = pixels.map { $0 % image.width }
    guard let left = columns.min(), let right = columns.max() else { return nil }
    return (first / image.width..<last / image.width + 1, left..<right + 1)
  }

  private func window(around box: (rows: Range<Int>, columns: Range<Int>), _ pixels: [Int]) -> HoleWindow {
    func start(_ range: Range<Int>, _ extent: Int) -> Int { (range.lowerBound + range.upperBound - extent) >> 1 }
    return HoleWindow(top: start(box.rows, height), left: start(box.columns, width), pixels: pixels)
  }

  /// The place in the window of a pixel of the image that is in it.
  func place(of pixel: Int, in hole: HoleWindow) -> Int {
    let (row, column) = (pixel / image.width - hole.top - height / 4, pixel % image.width - hole.left - width / 4)
    return row * window.width + column
  }
}
