/// How near a target the reconstruction comes for how much distortion of the item: Gondim-Ribeiro et al. 2018, section 3.
///
///     y  1 = the item's own reconstruction, 0 = the target's own; distances are to the target
///     x  ‖d‖₂ / ‖x - x_t‖₂
package struct DistortionCurve: Sendable, Hashable {
  /// From (0, 1) to (1, 0), the lowest y so far at every x.
  package let points: [Point]
  /// AUDDC, the area under straight lines between the points: larger is more robust.
  package let area: Double

  package struct Point: Sendable, Hashable {
    package let x: Double
    package let y: Double
  }

  /// - Parameter points: whatever attacks have found; those beyond x = 1 are worse than the target itself and left out.
  package init(_ found: [(x: Double, y: Double)]) {
    let inside = found.filter { $0.x >= 0 && $0.x <= 1 && $0.y.isFinite }.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    var points = [Point(x: 0, y: 1)]
    for (x, y) in inside {
      let lowest = points[points.count - 1].y
      points.append(Point(x: x, y: min(max(y, 0), lowest)))
    }
    points.append(Point(x: 1, y: 0))
    self.points = points
    area = zip(points, points.dropFirst()).reduce(0) { $0 + ($1.1.x - $1.0.x) * ($1.0.y + $1.1.y) / 2 }
  }
}
