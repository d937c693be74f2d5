/// What class each cluster is taken for. Two rules are in use, and their accuracies are different numbers: always say which.
package struct LabelMap: Sendable, Equatable {
  package enum Rule: String, Sendable, CaseIterable {
    /// The commonest class of a cluster: "cluster and label". More clusters can only raise its accuracy on the items that it was fitted on; one cluster
    /// an item makes it 1. Reported by GM-DGM (Willetts et al. 2018) and MFCVAE (Falck et al. 2021).
    case majority
    /// The one-to-one matching of clusters and classes that agrees on the most items (Yang et al. 2010); clusters beyond the classes have none.
    case hungarian
  }

  /// The class of each cluster; nil for one without, whose items count as wrong.
  package let classes: [Int?]

  /// The map that a rule gives for these items, the class of the lower number where several are as common.
  package init(_ rule: Rule, fittedOn table: ContingencyTable) {
    switch rule {
    case .majority:
      classes = (0..<table.clusterCount).map { cluster in
        let row = table.row(cluster)
        guard let most = row.max(), most > 0 else { return nil }
        return row.firstIndex(of: most)
      }
    case .hungarian:
      classes = HungarianAssignment(maximising: (0..<table.clusterCount).map { table.row($0).map(Double.init) }).columns
    }
  }

  /// Items by what they are taken for and what they are: a row a class, and a last one for clusters without a class.
  package func confusion(on table: ContingencyTable) -> ContingencyTable {
    precondition(table.clusterCount == classes.count, "\(table.clusterCount) clusters for a map of \(classes.count)")
    var counts = [[Int]](repeating: [Int](repeating: 0, count: table.classCount), count: table.classCount + 1)
    for (cluster, taken) in classes.enumerated() {
      for item in 0..<table.classCount { counts[taken ?? table.classCount][item] += table[cluster, item] }
    }
    return ContingencyTable(counts: counts)
  }
}
