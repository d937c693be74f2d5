package import Tensors

/// Clusters whose points lie close to their centres: k-means++ seeding (Arthur and Vassilvitskii 2007), then Lloyd's iterations, in double precision.
///
/// The same points and key give the same clusters. A cluster that loses all its points takes the point farthest from its own centre; where there are
/// fewer different points than clusters, some clusters stay empty.
package struct KMeans: Sendable {
  /// [clusters, dimensions]
  package let centres: Tensor
  /// Every point's nearest centre, the first of several.
  package let assignments: [Int]
  /// Σ ‖x - centre‖² over the points.
  package let inertia: Double

  /// - Parameters:
  ///   - points: [n, dimensions], n > 0.
  ///   - restarts: seedings of which the one of least inertia is kept.
  ///   - iterations: of Lloyd, at most.
  package init(_ points: Tensor, clusters: Int, restarts: Int = 4, iterations: Int = 100, key: RandomKey) {
    precondition(points.shape.rank == 2 && points.shape[0] > 0, "points of shape \(points.shape) are not [n, dimensions]")
    precondition(clusters > 0 && restarts > 0, "\(clusters) clusters from \(restarts) seedings")
    let values = points.scalars.map(Double.init)
    let runs = (0..<restarts).map { restart in
      var run = Lloyd(values, dimensions: points.shape[1], clusters: clusters, key: key.split(restart))
      run.run(iterations)
      return run
    }
    var best = runs[0]
    for run in runs where run.inertia < best.inertia { best = run }
    centres = Tensor(shape: [clusters, points.shape[1]], scalars: best.centres.map { Float($0) })
    assignments = best.assignments
    inertia = best.inertia
  }
}

private struct Lloyd {
  private let points: [Double]
  private let n: Int
  private let d: Int
  private let k: Int
  var centres: [Double]
  var assignments: [Int]
  /// Squared, from every point to the centre that it is assigned to.
  private var distances: [Double]

  var inertia: Double { distances.reduce(0, +) }

  /// Seeds the centres: each next one is a point, drawn with a probability that grows with its squared distance from the centres before.
  init(_ points: [Double], dimensions d: Int, clusters k: Int, key: RandomKey) {
    (self.points, self.d, self.k) = (points, d, k)
    n = points.count / max(d, 1)
    centres = []
    assignments = [Int](repeating: 0, count: n)
    distances = [Double](repeating: 1, count: n)
    let draws = key.uniform([k, 1]).scalars
    for (index, draw) in draws.enumerated() {
      var left = Double(draw) * distances.reduce(0, +)
      var chosen = Int(Double(draw) * Double(n))
      if left > 0, index > 0 {
        chosen = distances.lastIndex { $0 > 0 } ?? n - 1
        for (point, distance) in distances.enumerated() where distance > 0 {
          left -= distance
          if left <= 0 {
            chosen = point
            break
          }
        }
      }
      let own = min(chosen, n - 1)
      centres += points[own * d..<(own + 1) * d]
      for point in 0..<n {
        let distance = squaredDistance(point, index)
        if index == 0 || distance < distances[point] { distances[point] = distance }
      }
    }
  }

  private func squaredDistance(_ point: Int, _ centre: Int) -> Double {
    points.withUnsafeBufferPointer { points in
      centres.withUnsafeBufferPointer { centres in
        var sum = 0.0
        for j in 0..<d {
          let difference = points[point * d + j] - centres[centre * d + j]
          sum += difference * difference
        }
        return sum
      }
    }
  }

  mutating func run(_ iterations: Int) {
    assign()
    for _ in 0..<iterations {
      move()
      let before = assignments
      assign()
      if assignments == before { return }
    }
  }

  private mutating func assign() {
    for point in 0..<n {
      var (nearest, least) = (0, squaredDistance(point, 0))
      for centre in 1..<max(k, 1) {
        let distance = squaredDistance(point, centre)
        if distance < least { (nearest, least) = (centre, distance) }
      }
      (assignments[point], distances[point]) = (nearest, least)
    }
  }

  private mutating func move() {
    var (sums, counts) = ([Double](repeating: 0, count: k * d), [Int](repeating: 0, count: k))
    for point in 0..<n {
      let cluster = assignments[point]
      counts[cluster] += 1
      for j in 0..<d { sums[cluster * d + j] += points[point * d + j] }
    }
    for cluster in 0..<k where counts[cluster] > 0 {
      for j in 0..<d { centres[cluster * d + j] = sums[cluster * d + j] / Double(counts[cluster]) }
    }
    for cluster in 0..<k where counts[cluster] == 0 {
      guard let farthest = distances.indices.max(by: { distances[$0] < distances[$1] }), distances[farthest] > 0 else { return }
      for j in 0..<d { centres[cluster * d + j] = points[farthest * d + j] }
      distances[farthest] = 0
    }
  }
}
