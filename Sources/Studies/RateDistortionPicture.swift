internal import Formats

/// The plane of rate and distortion. SVG, which is text: equal reports give equal bytes.
struct RateDistortionPicture {
  private let curves: [RateDistortion.Curve]
  private let rates: RoundAxis
  private let distortions: RoundAxis

  private static let (left, top, width, height) = (84.0, 76.0, 560.0, 420.0)
  /// Told apart with any sight (Wong 2011).
  private static let colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]

  init(_ frontier: RateDistortion) {
    curves = frontier.curves
    let points = curves.flatMap(\.points)
    rates = RoundAxis(points.flatMap(\.rate.values) + [0])
    distortions = RoundAxis(points.flatMap(\.distortion.values))
  }

  private func x(_ rate: Double) -> Double { Self.left + rates.part(rate) * Self.width }
  private func y(_ distortion: Double) -> Double { Self.top + (1 - distortions.part(distortion)) * Self.height }

  var svg: String {
    let (right, bottom) = (Self.left + Self.width, Self.top + Self.height)
    var picture = SVG(width: right + 220, height: max(bottom + 60, Self.top + 24 * Double(curves.count) + 60))
    picture.text("rate and distortion", 16, 26, size: 17, weight: "bold")
    picture.text("nats an item; a dot a seed, a line through the means; dashed: the ELBO of the best point", 16, 46, size: 12, fill: "#666")
    for tick in rates.ticks {
      picture.line(x(tick), Self.top, x(tick), bottom, "#ddd")
      picture.text(rates.label(tick), x(tick), bottom + 18, size: 12, anchor: "middle", fill: "#444")
    }
    for tick in distortions.ticks {
      picture.line(Self.left, y(tick), right, y(tick), "#ddd")
      picture.text(distortions.label(tick), Self.left - 8, y(tick) + 4, size: 12, anchor: "end", fill: "#444")
    }
    picture.text("rate", Self.left + Self.width / 2, bottom + 40, anchor: "middle")
    picture.text("distortion", 16, Self.top - 10)
    drawBestBound(on: &picture)
    for (index, curve) in curves.enumerated() {
      let colour = Self.colours[index % Self.colours.count]
      for (from, to) in zip(curve.points, curve.points.dropFirst()) {
        picture.line(x(from.rate.mean), y(from.distortion.mean), x(to.rate.mean), y(to.distortion.mean), colour, width: 1.5)
      }
      for point in curve.points {
        for (rate, distortion) in zip(point.rate.values, point.distortion.values) { picture.circle(x(rate), y(distortion), radius: 3, colour) }
        if let value = point.row.value {
          picture.text(StudySweep.spelled(value), x(point.rate.mean) + 7, y(point.distortion.mean) - 5, size: 11, fill: colour)
        }
      }
      let line = Self.top + 24 * Double(index) + 10
      picture.circle(right + 24, line, radius: 4, colour)
      picture.text(curve.title, right + 36, line + 4.5)
    }
    return picture.text
  }

  /// D + R is the same all along it; what of it is within the plane.
  private func drawBestBound(on picture: inout SVG) {
    guard let least = curves.flatMap(\.points).map({ -$0.bound }).min() else { return }
    let from = max(rates.low, least - distortions.high)
    let to = min(rates.high, least - distortions.low)
    guard from < to else { return }
    picture.line(x(from), y(least - from), x(to), y(least - to), "#888", width: 1.5, dash: "6 4")
  }
}
