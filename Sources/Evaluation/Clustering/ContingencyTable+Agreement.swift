extension ContingencyTable {
  /// Share of the items on the diagonal, of a table whose rows are what items are taken for: Σ_i n_ii / N; not a number without items.
  package var accuracy: Double { Double(diagonal) / Double(total) }

  /// Cohen's κ of such a table: agreement beyond what the margins give by chance; not a number where chance agrees on everything.
  ///
  /// κ = (p_o - p_e) / (1 - p_e), p_o = Σ_i n_ii / N, p_e = Σ_i n_i. n_.i / N² (Cohen 1960, eq. 1).
  package var cohensKappa: Double {
    let (taken, true_, n) = (clusterSizes, classSizes, Double(total))
    let expected = (0..<min(clusterCount, classCount)).reduce(0.0) { $0 + Double(taken[$1]) * Double(true_[$1]) } / (n * n)
    return (accuracy - expected) / (1 - expected)
  }

  private var diagonal: Int { (0..<min(clusterCount, classCount)).reduce(0) { $0 + self[$1, $1] } }
}
