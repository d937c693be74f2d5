import Evaluation
import Tensors
import Testing

/// Numbers of scikit-learn 1.9.1 (normalized_mutual_info_score, adjusted_rand_score, cohen_kappa_score under the majority map) and SciPy 1.17.1
/// (linear_sum_assignment); the first row is the textbook case that tells the two accuracies apart.
@Suite("Agreement of clusters and classes")
struct ClusteringMetricsTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let table: ContingencyTable
    let hungarian, majority, nmi, ari, kappa: Double

    init(_ description: String, _ counts: [[Int]], hungarian: Double, majority: Double, nmi: Double, ari: Double, kappa: Double) {
      (testDescription, table) = (description, ContingencyTable(counts: counts))
      (self.hungarian, self.majority, self.nmi, self.ari, self.kappa) = (hungarian, majority, nmi, ari, kappa)
    }
  }

  static let rows = [
    Row(
      "card", [[40, 5, 0], [35, 10, 0], [0, 5, 5]],
      hungarian: 0.55, majority: 0.8, nmi: 0.2722872713312099, ari: 0.18157661647475642,
      kappa: 0.34426229508196726),
    Row(
      "perfect", [[0, 7, 0], [3, 0, 0], [0, 0, 9]],
      hungarian: 1.0, majority: 1.0, nmi: 1.0, ari: 1.0,
      kappa: 1.0),
    Row(
      "independent", [[4, 4], [6, 6], [2, 2]],
      hungarian: 0.4166666666666667, majority: 0.5, nmi: 0.0, ari: -0.05612244897959184,
      kappa: 0.0),
    Row(
      "one cluster", [[5, 3, 2]],
      hungarian: 0.5, majority: 0.5, nmi: 0.0, ari: 0.0,
      kappa: 0.0),
    Row(
      "one class", [[5], [3]],
      hungarian: 0.625, majority: 1.0, nmi: 0.0, ari: 0.0,
      kappa: .nan),
    Row(
      "more clusters", [[12, 1, 0], [0, 9, 3], [2, 0, 11], [7, 0, 1], [0, 8, 0]],
      hungarian: 0.5925925925925926, majority: 0.8703703703703703, nmi: 0.5531892078290843, ari: 0.42215335221065303,
      kappa: 0.803125),
    Row(
      "more classes", [[5, 1, 7, 0], [0, 6, 1, 4]],
      hungarian: 0.5416666666666666, majority: 0.5416666666666666, nmi: 0.4356051859276234, ari: 0.30553027463997,
      kappa: 0.33164556962025316),
    Row(
      "empty rows", [[0, 0, 0], [3, 1, 4], [0, 0, 0], [9, 2, 6]],
      hungarian: 0.52, majority: 0.52, nmi: 0.014201688430040866, ari: -0.017214397496087636,
      kappa: 0.12023460410557185),
    Row(
      "large",
      [
        [56, 37, 41, 53, 34, 46],
        [50, 13, 3, 18, 17, 52],
        [54, 0, 29, 49, 7, 47],
        [7, 28, 48, 18, 20, 16],
        [43, 15, 59, 26, 28, 30],
        [34, 33, 30, 59, 48, 47],
        [42, 37, 20, 59, 27, 12],
        [50, 9, 51, 36, 6, 2],
        [26, 2, 8, 30, 58, 27],
      ],
      hungarian: 0.18915733647613436, majority: 0.2922804949911609, nmi: 0.06848563085708964, ari: 0.027304842372456,
      kappa: 0.1282915798599601),
  ]

  private static func isClose(_ a: Double, _ b: Double) -> Bool { a.isNaN ? b.isNaN : abs(a - b) < 1e-12 }

  @Test("every measure is that of scikit-learn", arguments: rows)
  func oracle(_ row: Row) {
    let majority = LabelMap(.majority, fittedOn: row.table).confusion(on: row.table)
    let hungarian = LabelMap(.hungarian, fittedOn: row.table).confusion(on: row.table)
    #expect(Self.isClose(hungarian.accuracy, row.hungarian) && Self.isClose(majority.accuracy, row.majority))
    #expect(Self.isClose(row.table.normalisedMutualInformation, row.nmi), "\(row.table.normalisedMutualInformation)")
    #expect(Self.isClose(row.table.adjustedRandIndex, row.ari), "\(row.table.adjustedRandIndex)")
    #expect(Self.isClose(majority.cohensKappa, row.kappa), "\(majority.cohensKappa)")
    #expect(hungarian.total == row.table.total && hungarian.classSizes == row.table.classSizes)
  }

  @Test("what clusters and classes are called, and items of unknown class, change no measure")
  func names() {
    let (clusters, classes) = ((0..<300).map { ($0 * 7 + $0 / 40) % 5 }, (0..<300).map { $0 % 11 == 0 ? -1 : ($0 * 7) % 4 })
    let table = ContingencyTable(clusters: clusters, classes: classes, clusterCount: 5, classCount: 4)
    let renamed = ContingencyTable(
      clusters: clusters.map { [3, 0, 4, 2, 1][$0] }, classes: classes.map { $0 < 0 ? -1 : [2, 3, 1, 0][$0] }, clusterCount: 5, classCount: 4)
    #expect(table.total == classes.count { $0 >= 0 } && table.clusterSizes.sorted() == renamed.clusterSizes.sorted())
    #expect(Self.isClose(table.normalisedMutualInformation, renamed.normalisedMutualInformation))
    #expect(Self.isClose(table.adjustedRandIndex, renamed.adjustedRandIndex))
    for rule in LabelMap.Rule.allCases {
      let (one, other) = (LabelMap(rule, fittedOn: table).confusion(on: table), LabelMap(rule, fittedOn: renamed).confusion(on: renamed))
      #expect(Self.isClose(one.accuracy, other.accuracy))
    }
  }

  @Test("a map is fitted on some items and tried on others; clusters that it never saw are wrong")
  func transferred() {
    let fitted = ContingencyTable(counts: [[9, 1], [0, 0], [2, 3]])
    let tried = ContingencyTable(counts: [[4, 4], [5, 0], [1, 6]])
    let map = LabelMap(.majority, fittedOn: fitted)
    #expect(map.classes == [0, nil, 1])
    let confusion = map.confusion(on: tried)
    #expect(confusion == ContingencyTable(counts: [[4, 4], [1, 6], [5, 0]]) && confusion.accuracy == 0.5)
  }

  @Test("the matching is the best of all that there are, whatever the shape", arguments: [(1, 1), (1, 4), (4, 1), (3, 5), (5, 3), (6, 6)], 0..<6)
  func bruteForce(_ shape: (Int, Int), _ seed: Int) {
    let (rows, columns) = shape
    // Few values, so that there are ties, also of costs below 0.
    let draws = RandomKey(seed: UInt64(seed)).uniform([rows, columns]).scalars
    let costs = (0..<rows).map { row in (0..<columns).map { Double((draws[row * columns + $0] * 9).rounded()) - 4 } }
    for (assignment, sign) in [(HungarianAssignment(minimising: costs), 1.0), (HungarianAssignment(maximising: costs), -1.0)] {
      let matched = assignment.columns.compactMap { $0 }
      #expect(Set(matched).count == matched.count && matched.count == min(rows, columns) && assignment.columns.count == rows)
      let sum = assignment.columns.enumerated().reduce(0.0) { sum, pair in sum + (pair.element.map { costs[pair.offset][$0] } ?? 0) }
      #expect(sign * sum == Self.least(costs.map { $0.map { sign * $0 } }, from: 0, taken: [], skipping: max(rows - columns, 0)))
    }
  }

  /// The least sum of all matchings.
  private static func least(_ costs: [[Double]], from row: Int, taken: Set<Int>, skipping: Int) -> Double {
    guard row < costs.count else { return 0 }
    var best = Double.infinity
    for column in costs[row].indices where !taken.contains(column) {
      best = min(best, costs[row][column] + least(costs, from: row + 1, taken: taken.union([column]), skipping: skipping))
    }
    if skipping > 0 { best = min(best, least(costs, from: row + 1, taken: taken, skipping: skipping - 1)) }
    return best
  }

  @Test("a matching of hundreds is found at once, and nothing is matched to nothing")
  func large() {
    let n = 200
    let costs = (0..<n).map { row in (0..<n).map { $0 == (row * 37 + 5) % n ? 0.0 : 1 + Double(($0 * row) % 7) } }
    #expect(HungarianAssignment(minimising: costs).columns == (0..<n).map { ($0 * 37 + 5) % n })
    #expect(HungarianAssignment(minimising: []).columns.isEmpty && HungarianAssignment(minimising: [[], []]).columns == [nil, nil])
  }

  /// Rows of four probabilities, and what is true of each.
  static let probabilities: [Float] = [
    0.792, 0.193, 0.014, 0.001, 0.001, 0.042, 0.6464, 0.3107, 0.283, 0.193, 0.464, 0.06, 0.045, 0.34, 0.379, 0.236, 0.189, 0.744, 0.041, 0.026,
    0.041, 0.26, 0.355, 0.344, 0.014, 0.895, 0.011, 0.08, 0.082, 0.808, 0.006, 0.104, 0.279, 0.217, 0.416, 0.088, 0.408, 0.038, 0.456, 0.098,
    0.518, 0.237, 0.2, 0.045, 0.46, 0.212, 0.21, 0.118, 0.347, 0.122, 0.27, 0.261, 0.054, 0.666, 0.208, 0.072, 0.6983, 0.0639, 0.001, 0.2368,
    0.022, 0.394, 0.404, 0.18, 0.101, 0.66, 0.006, 0.233, 0.918, 0.056, 0.001, 0.025, 0.289, 0.571, 0.06, 0.08, 0.1908, 0.04, 0.001, 0.7682,
    0.01, 0.358, 0.602, 0.03, 0.42, 0.479, 0.015, 0.086, 0.008, 0.317, 0.256, 0.419, 0.001, 0.054, 0.942, 0.003, 0.497, 0.258, 0.238, 0.007,
    0.4176, 0.5734, 0.008, 0.001, 0.042, 0.592, 0.013, 0.353, 0.256, 0.37, 0.362, 0.012, 0.191, 0.069, 0.158, 0.582, 0.029, 0.391, 0.559, 0.021,
    0.028, 0.557, 0.092, 0.323, 0.086, 0.442, 0.454, 0.018, 0.2318, 0.2587, 0.5085, 0.001, 0.01, 0.242, 0.269, 0.479, 0.5235, 0.1339, 0.3417, 0.001,
    0.378, 0.614, 0.004, 0.004, 0.879, 0.071, 0.041, 0.009, 0.2338, 0.1499, 0.6154, 0.001, 0.8761, 0.1029, 0.02, 0.001, 0.095, 0.408, 0.254, 0.243,
  ]
  static let truth = [1, 3, 2, 1, 1, 2, 3, 1, 2, 3, 2, 0, 3, 1, 0, 0, 0, 1, 1, 2, 2, 1, 3, 2, 1, 1, 1, 2, 3, 0, 3, 2, 1, 2, 0, 2, 0, 3, 0, 3]

  @Test("calibration error and negative log-likelihood are NumPy's")
  func probabilistic() {
    let p = Tensor(shape: [40, 4], scalars: Self.probabilities)
    let best = (0..<40).map { row in (0..<4).max { p.scalars[row * 4 + $0] < p.scalars[row * 4 + $1] } ?? 0 }
    let calibration = Calibration(
      confidences: best.enumerated().map { p.scalars[$0 * 4 + $1] }, areRight: zip(best, Self.truth).map { $0 == $1 })
    #expect(abs(calibration.expectedError - 0.21921000000000002) < 1e-6)
    var likelihood = NegativeLogLikelihood()
    // In two parts, and with items of unknown class: neither changes anything.
    likelihood.add(p.slice(0, 0..<15), classes: Array(Self.truth[..<15]))
    likelihood.add(p.slice(0, 15..<40), classes: Array(Self.truth[15...]))
    likelihood.add(p.slice(0, 0..<2), classes: [-1, -1])
    #expect(abs(likelihood.mean - 1.5482243412792414) < 1e-4)
  }

  @Test("confidences at the edges of bins stand in the bin below, and certainty in the last")
  func edges() {
    let calibration = Calibration(confidences: [0, 0.25, 0.2501, 1, 1], areRight: [false, true, true, true, false], bins: 4)
    #expect(calibration.bins.map(\.count) == [2, 1, 0, 2])
    #expect(abs(calibration.expectedError - (0.75 + 0.7499 + 1) / 5) < 1e-6)
    #expect(Calibration(confidences: [], areRight: []).expectedError.isNaN && NegativeLogLikelihood().mean.isNaN)
  }
}
