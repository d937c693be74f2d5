internal import Modelling
internal import Tensors

/// Rows with holes, whose windows are filled in one after the other, each given those before.
final class HoleParts {
  let model: InpaintingHVAE
  /// Of every row.
  let windows: [[HoleWindow]]
  /// Rows of numbers, which those of a window join when it is filled in.
  private var values: Tensor
  private var isKnown: [Bool]
  /// The rows as they came, and which of their numbers there are.
  private let own: Tensor
  private let isThere: [Bool]
  /// Numbers that are hidden, whether or not they are there.
  private let isHidden: [Bool]

  /// - Parameters:
  ///   - x: [n, width] in model units; NaN is missing, and hidden in any case.
  ///   - hidden: 1 where a number is hidden; nil: where it is missing.
  init(_ x: Tensor, hidden: Tensor?, in model: InpaintingHVAE) {
    let (width, pixels, colours) = (x.shape[1], model.picture.height * model.picture.width, model.picture.channels)
    let scalars = x.scalars
    let isThere = scalars.map { !$0.isNaN }
    let isHidden = hidden.map { hidden in zip(hidden.scalars, isThere).map { $0 > 0 || !$1 } } ?? isThere.map(!)
    (self.model, self.isThere, self.isHidden, isKnown) = (model, isThere, isHidden, isHidden.map(!))
    own = Tensor(shape: x.shape, scalars: scalars.map { $0.isNaN ? 0 : $0 })
    values = own
    windows = (0..<x.shape[0]).map { row in
      model.canvas.windows { pixel in (0..<colours).contains { isHidden[row * width + $0 * pixels + pixel] } }
    }
  }

  var rounds: Int { windows.reduce(0) { max($0, $1.count) } }

  /// The rows that have a window of that number.
  func rows(_ round: Int) -> [Int] { windows.indices.filter { windows[$0].count > round } }

  private var width: Int { own.shape[1] }

  /// Canvases of rows with all that is there.
  func whole(_ rows: some Sequence<Int>, _ holes: [HoleWindow]) -> Tensor { canvases(own, Array(rows), holes) { self.isThere[$0] } }

  /// Canvases of rows with what is known so far.
  func border(_ rows: some Sequence<Int>, _ holes: [HoleWindow]) -> Tensor { canvases(values, Array(rows), holes) { self.isKnown[$0] } }

  private func canvases(_ x: Tensor, _ rows: [Int], _ holes: [HoleWindow], _ isKnown: (Int) -> Bool) -> Tensor {
    model.canvases(x.gather(rows), holes) { row, number in isKnown(rows[row] * width + number) }
  }

  /// The hidden numbers of windows: where each stands in the window's numbers, and in its row.
  func forEachNumber(_ hole: HoleWindow, _ row: Int, _ body: (_ place: Int, _ number: Int) -> Void) {
    let (pixels, size) = (model.picture.height * model.picture.width, model.canvas.window.height * model.canvas.window.width)
    for pixel in hole.pixels {
      let place = model.canvas.place(of: pixel, in: hole)
      for colour in 0..<model.picture.channels where isHidden[row * width + colour * pixels + pixel] {
        body(colour * size + place, colour * pixels + pixel)
      }
    }
  }

  /// The numbers of windows to be scored, and 1 for those that are hidden and there: [rows, numbers of a window] each.
  func targets(_ rows: some Sequence<Int>, _ holes: [HoleWindow]) -> (x: Tensor, weights: Tensor) {
    let rows = Array(rows)
    let count = model.picture.channels * model.canvas.window.height * model.canvas.window.width
    var (x, weights) = ([Float](repeating: 0, count: rows.count * count), [Float](repeating: 0, count: rows.count * count))
    own.withScalars { own in
      for (index, row) in rows.enumerated() {
        forEachNumber(holes[index], row) { place, number in
          guard isThere[row * width + number] else { return }
          (x[index * count + place], weights[index * count + place]) = (own[row * width + number], 1)
        }
      }
    }
    return (Tensor(shape: [rows.count, count], scalars: x), Tensor(shape: [rows.count, count], scalars: weights))
  }

  /// A window of a row is known from now on, as the row itself has it; what is missing of it stays unknown.
  func learn(_ hole: HoleWindow, _ row: Int) {
    forEachNumber(hole, row) { _, number in isKnown[row * width + number] = isThere[row * width + number] }
  }

  /// Windows are known from now on, as they were filled in; filled: [rows, numbers of a window].
  func fill(_ rows: [Int], _ holes: [HoleWindow], with filled: Tensor) {
    var scalars = values.scalars
    let count = filled.shape[1]
    filled.withScalars { filled in
      for (index, row) in rows.enumerated() {
        forEachNumber(holes[index], row) { place, number in
          scalars[row * width + number] = filled[index * count + place]
          isKnown[row * width + number] = true
        }
      }
    }
    values = Tensor(shape: values.shape, scalars: scalars)
  }

  /// As they were before any window was filled in.
  func forget() {
    values = own
    isKnown = isHidden.map(!)
  }
}
