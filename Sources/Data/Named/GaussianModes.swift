/// Modes of data that are an even mixture of Gaussians alike in every direction; samples of a model can be held against them.
package struct GaussianModes: Sendable, Equatable {
  /// Of every mode, in raw units.
  package let centres: [[Float]]
  package let deviation: Float

  package init(centres: [[Float]], deviation: Float) {
    (self.centres, self.deviation) = (centres, deviation)
  }

  /// The mode nearest to a point, and how many deviations it is away.
  package func nearest(to point: some Collection<Float>) -> (mode: Int, distance: Float) {
    let squares = centres.map { zip($0, point).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
    let mode = squares.indices.min { squares[$0] < squares[$1] } ?? 0
    return (mode, squares[mode].squareRoot() / deviation)
  }
}
