extension ContingencyTable {
  /// How much clusters and classes agree on which pairs of items belong together: 1 for the same partition, 0 on average for a random one.
  ///
  /// ARI = (Σ_kc C(n_kc, 2) - e) / ((Σ_k C(n_k., 2) + Σ_c C(n_.c, 2)) / 2 - e) with e = Σ_k C(n_k., 2) Σ_c C(n_.c, 2) / C(N, 2)
  /// (Hubert and Arabie 1985, eq. 5); 1 where neither parts anything, or both part everything.
  package var adjustedRandIndex: Double {
    func pairs(_ sizes: [Int]) -> Double { sizes.reduce(0.0) { $0 + Double($1) * Double($1 - 1) / 2 } }
    let (together, clusters, classes) = (pairs(counts), pairs(clusterSizes), pairs(classSizes))
    if together == clusters, together == classes { return 1 }
    let expected = clusters * classes / pairs([total])
    return (together - expected) / ((clusters + classes) / 2 - expected)
  }
}
