internal import Formats

/// Lines over a common axis, drawn the same on every machine: no font of the system takes part.
struct Plot {
  struct Line {
    /// In the legend; nil for a thin grey line without one.
    let name: String?
    let points: [(x: Double, y: Double)]
    /// Standard errors, drawn as bars.
    var errors: [Double] = []
  }

  let title: String
  let abscissa: String
  let lines: [Line]

  private static let (width, height) = (720, 480)
  /// Of the frame: left, right, top, bottom.
  private static let frame = (left: 70, right: 700, top: 40, bottom: 420)
  private static let colours: [Canvas.Colour] = [(196, 30, 40), (40, 100, 180), (60, 140, 70), (150, 90, 170), (200, 130, 20)]
  private static let (ink, grid, faint): (Canvas.Colour, Canvas.Colour, Canvas.Colour) = ((40, 40, 40), (225, 225, 225), (185, 185, 185))

  func raster() -> Raster {
    var canvas = Canvas(width: Self.width, height: Self.height)
    let all = lines.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    let bars = lines.flatMap { line in zip(line.points, line.errors).filter { $1.isFinite }.flatMap { [$0.y - $1, $0.y + $1] } }
    let (x, y) = (RoundAxis(all.map(\.x)), RoundAxis(all.map(\.y) + bars + [0]))
    let frame = Self.frame
    func place(_ point: (x: Double, y: Double)) -> (Double, Double) {
      (
        Double(frame.left) + x.part(point.x) * Double(frame.right - frame.left),
        Double(frame.bottom) - y.part(point.y) * Double(frame.bottom - frame.top)
      )
    }
    for tick in x.ticks {
      let at = place((tick, y.low)).0
      canvas.line((at, Double(frame.top)), (at, Double(frame.bottom)), Self.grid)
      canvas.text(x.label(tick), centredAt: (Int(at), frame.bottom + 8), Self.ink)
    }
    for tick in y.ticks {
      let at = place((x.low, tick)).1
      canvas.line((Double(frame.left), at), (Double(frame.right), at), Self.grid)
      let label = y.label(tick)
      canvas.text(label, at: (frame.left - 8 - Canvas.width(of: label), Int(at) - 7), Self.ink)
    }
    let corners = [
      (frame.left, frame.top), (frame.right, frame.top), (frame.right, frame.bottom), (frame.left, frame.bottom), (frame.left, frame.top),
    ]
    for (a, b) in zip(corners, corners.dropFirst()) { canvas.line((Double(a.0), Double(a.1)), (Double(b.0), Double(b.1)), Self.ink) }
    canvas.text(title, centredAt: ((frame.left + frame.right) / 2, 14), Self.ink)
    canvas.text(abscissa, centredAt: ((frame.left + frame.right) / 2, frame.bottom + 34), Self.ink)

    // Lines without a name lie below the others.
    for line in lines where line.name == nil { draw(line, Self.faint, width: 1, on: &canvas, place) }
    for (index, line) in lines.filter({ $0.name != nil }).enumerated() {
      let colour = Self.colours[index % Self.colours.count]
      draw(line, colour, width: 2.5, on: &canvas, place)
      let top = frame.top + 14 + 20 * index
      canvas.line((Double(frame.left + 14), Double(top + 7)), (Double(frame.left + 44), Double(top + 7)), colour, width: 2.5)
      canvas.text(line.name ?? "", at: (frame.left + 52, top), Self.ink)
    }
    return canvas.raster
  }

  private func draw(
    _ line: Line, _ colour: Canvas.Colour, width: Double, on canvas: inout Canvas, _ place: ((x: Double, y: Double)) -> (Double, Double)
  ) {
    let points = line.points.filter { $0.x.isFinite && $0.y.isFinite }
    for (a, b) in zip(points, points.dropFirst()) { canvas.line(place(a), place(b), colour, width: width) }
    for (point, error) in zip(line.points, line.errors) where error.isFinite && point.x.isFinite && point.y.isFinite {
      canvas.line(place((point.x, point.y - error)), place((point.x, point.y + error)), colour, width: 1.5)
    }
  }
}
