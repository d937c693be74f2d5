/// How many items of each class stand in each cluster: all that the agreement of a clustering with classes depends on.
package struct ContingencyTable: Sendable, Equatable {
  package let clusterCount: Int
  package let classCount: Int
  /// Row by row: [clusters, classes].
  package let counts: [Int]

  package init(counts: [[Int]]) {
    precondition(Set(counts.map(\.count)).count <= 1, "rows of different lengths")
    (clusterCount, classCount, self.counts) = (counts.count, counts.first?.count ?? 0, counts.flatMap { $0 })
  }

  /// - Parameters:
  ///   - clusters: of every item.
  ///   - classes: of every item; those below 0 are unknown, and count nowhere.
  package init(clusters: [Int], classes: [Int], clusterCount: Int, classCount: Int) {
    precondition(clusters.count == classes.count, "\(clusters.count) clusters for \(classes.count) classes")
    var counts = [Int](repeating: 0, count: clusterCount * classCount)
    for (cluster, item) in zip(clusters, classes) where item >= 0 { counts[cluster * classCount + item] += 1 }
    (self.clusterCount, self.classCount, self.counts) = (clusterCount, classCount, counts)
  }

  package subscript(cluster: Int, item: Int) -> Int { counts[cluster * classCount + item] }

  package func row(_ cluster: Int) -> [Int] { Array(counts[cluster * classCount..<(cluster + 1) * classCount]) }

  /// Items of each cluster, and of each class.
  package var clusterSizes: [Int] { (0..<clusterCount).map { row($0).reduce(0, +) } }
  package var classSizes: [Int] { (0..<classCount).map { item in (0..<clusterCount).reduce(0) { $0 + self[$1, item] } } }

  package var total: Int { counts.reduce(0, +) }
}
