/// Independent normal distributions: their means and standard deviations.
package struct Gaussians: Sendable, Equatable {
  package let means: [Float]
  package let deviations: [Float]

  package init(means: [Float], deviations: [Float]) throws(CodingError) {
    try Parameters.checked(deviations.count, of: "deviations", beside: means.count)
    self.means = try Parameters.checked(means, "means")
    self.deviations = try Parameters.positive(deviations, "deviations")
  }

  /// `count` times N(0, 1).
  package static func standard(_ count: Int) -> Gaussians { Gaussians(standard: count) }

  private init(standard count: Int) {
    means = [Float](repeating: 0, count: count)
    deviations = [Float](repeating: 1, count: count)
  }

  package var count: Int { means.count }
}
