import Distributions
import Tensors
import Testing

@Suite("KMeans")
struct KMeansTests {
  /// Points of deviation 0.3 about each centre in turn.
  static func blobs(_ centres: [[Float]], each count: Int, seed: UInt64 = 3) -> Tensor {
    let noise = RandomKey(seed: seed).normal([count * centres.count, centres[0].count])
    return Tensor(rows: (0..<count * centres.count).map { centres[$0 % centres.count] }) + noise * 0.3
  }

  @Test("four points on a line fall into two pairs of inertia 1")
  func line() {
    let clusters = KMeans(column([0, 1, 10, 11]), clusters: 2, key: RandomKey(seed: 1))
    #expect(Set(clusters.centres.scalars) == [0.5, 10.5] && clusters.inertia == 1)
    #expect(clusters.assignments[0] == clusters.assignments[1] && clusters.assignments[2] == clusters.assignments[3])
    #expect(clusters.assignments[0] != clusters.assignments[2])
  }

  @Test("separated blobs are found whatever the seed", arguments: 0..<8)
  func separated(_ seed: Int) {
    let centres: [[Float]] = [[0, 0, 0], [6, 0, 0], [0, 6, 0], [0, 0, 6], [6, 6, 6]]
    let clusters = KMeans(Self.blobs(centres, each: 60), clusters: 5, key: RandomKey(seed: UInt64(seed)))
    for (blob, centre) in centres.enumerated() {
      let own = Set((0..<60).map { clusters.assignments[5 * $0 + blob] })
      #expect(own.count == 1)
      let found = clusters.centres.slice(0, (own.first ?? 0)..<(own.first ?? 0) + 1).scalars
      #expect(zip(found, centre).allSatisfy { abs($0 - $1) < 0.2 })
    }
  }

  @Test("assignments name the nearest centre, centres are the means of their points, and inertia is what is left")
  func consistent() {
    let points = RandomKey(seed: 4).normal([300, 4])
    let clusters = KMeans(points, clusters: 7, key: RandomKey(seed: 2))
    var (inertia, sums, counts) = (0.0, [Double](repeating: 0, count: 28), [Double](repeating: 0, count: 7))
    for point in 0..<300 {
      let distances = (0..<7).map { centre in
        (0..<4).reduce(0.0) { sum, j in
          let difference = Double(points.scalars[4 * point + j] - clusters.centres.scalars[4 * centre + j])
          return sum + difference * difference
        }
      }
      let own = clusters.assignments[point]
      #expect(distances[own] <= distances.min()! + 1e-5)
      inertia += distances[own]
      counts[own] += 1
      for j in 0..<4 { sums[4 * own + j] += Double(points.scalars[4 * point + j]) }
    }
    #expect(abs(inertia - clusters.inertia) < 1e-3)
    for place in 0..<28 { #expect(abs(sums[place] / counts[place / 4] - Double(clusters.centres.scalars[place])) < 1e-4) }
  }

  @Test("more iterations never raise the inertia, and the same key gives the same clusters")
  func descent() {
    let points = RandomKey(seed: 5).uniform([400, 2])
    let inertias = [0, 1, 2, 5, 100].map { KMeans(points, clusters: 9, restarts: 1, iterations: $0, key: RandomKey(seed: 6)).inertia }
    for (fewer, more) in zip(inertias, inertias.dropFirst()) { #expect(more <= fewer) }
    #expect(inertias[4] < inertias[0])
    let (first, second) = (KMeans(points, clusters: 9, key: RandomKey(seed: 6)), KMeans(points, clusters: 9, key: RandomKey(seed: 6)))
    #expect(first.centres.scalars == second.centres.scalars && first.assignments == second.assignments)
  }

  @Test("fewer different points than clusters leave clusters empty, each different point a centre")
  func duplicates() {
    let points = column([2, 2, 2, 5, 5])
    let clusters = KMeans(points, clusters: 4, key: RandomKey(seed: 1))
    #expect(clusters.inertia == 0 && Set(clusters.assignments).count == 2 && clusters.centres.isFinite)
    #expect(Set(clusters.centres.scalars) == [2, 5])
    let single = KMeans(column([7]), clusters: 3, key: RandomKey(seed: 1))
    #expect(single.centres.scalars == [7, 7, 7] && single.assignments == [0] && single.inertia == 0)
  }
}
