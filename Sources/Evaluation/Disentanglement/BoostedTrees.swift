/// Gradient-boosted regression trees of the squared error (Friedman 2001), grown level by level on histograms of the inputs.
struct BoostedTrees {
  struct Options {
    var trees = 30
    var depth = 4
    var rate = 0.3
    /// Bins of every input, of about as many training rows each.
    var bins = 32
    /// Rows that a leaf has at least.
    var leaf = 5
  }

  /// The squared error that the splits on each input took away, in all trees together.
  private(set) var importances: [Double]
  /// What is predicted for every row that was given, those not learnt from included.
  private(set) var predictions: [Double]

  /// - Parameters:
  ///   - inputs: one column an input, a number a row.
  ///   - rows: those to learn from.
  init(_ inputs: [[Double]], targets: [Double], learningFrom rows: [Int], _ options: Options = Options()) {
    let binned = inputs.map { Self.binned($0, rows, options.bins) }
    let mean = rows.reduce(0.0) { $0 + targets[$1] } / Double(max(rows.count, 1))
    importances = [Double](repeating: 0, count: inputs.count)
    predictions = [Double](repeating: mean, count: targets.count)
    for _ in 0..<options.trees {
      let residuals = zip(targets, predictions).map { $0 - $1 }
      let leaves = grow(binned, residuals, rows, options)
      for (row, value) in leaves.enumerated() { predictions[row] += options.rate * value }
    }
  }

  /// The bin of every row; the bounds are quantiles of the training rows.
  private static func binned(_ input: [Double], _ rows: [Int], _ bins: Int) -> [Int] {
    let sorted = rows.map { input[$0] }.sorted()
    var bounds: [Double] = []
    for bin in 1..<bins where !sorted.isEmpty {
      let bound = sorted[bin * sorted.count / bins]
      if bound != bounds.last { bounds.append(bound) }
    }
    return input.map { value in
      // The number of bounds that are not above the value.
      var (low, high) = (0, bounds.count)
      while low < high {
        let middle = (low + high) / 2
        if bounds[middle] <= value { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  /// Grows one tree on the residuals and returns its value for every row.
  private mutating func grow(_ binned: [[Int]], _ residuals: [Double], _ rows: [Int], _ options: Options) -> [Double] {
    var node = [Int](repeating: 0, count: residuals.count)
    var nodes = 1
    for _ in 0..<options.depth {
      let splits = bestSplits(binned, residuals, rows, node, nodes, options)
      for case let split? in splits { importances[split.input] += split.gain }
      // A node that is not split goes on as its own left child.
      for row in node.indices {
        let split = splits[node[row]]
        node[row] = 2 * node[row] + (split.map { binned[$0.input][row] >= $0.bin } ?? false ? 1 : 0)
      }
      nodes *= 2
    }
    var (sums, sizes) = ([Double](repeating: 0, count: nodes), [Double](repeating: 0, count: nodes))
    for row in rows {
      sums[node[row]] += residuals[row]
      sizes[node[row]] += 1
    }
    return node.map { sizes[$0] > 0 ? sums[$0] / sizes[$0] : 0 }
  }

  private struct Split {
    let input: Int
    /// Rows of this bin and those above go right.
    let bin: Int
    let gain: Double
  }

  /// The split of every node that takes most of the squared error away; nil where none takes any. Of equal ones the first counts.
  private func bestSplits(_ binned: [[Int]], _ residuals: [Double], _ rows: [Int], _ node: [Int], _ nodes: Int, _ options: Options) -> [Split?] {
    var best = [Split?](repeating: nil, count: nodes)
    for (input, bin) in binned.enumerated() {
      var (sums, sizes) = ([Double](repeating: 0, count: nodes * options.bins), [Int](repeating: 0, count: nodes * options.bins))
      for row in rows {
        let cell = node[row] * options.bins + bin[row]
        sums[cell] += residuals[row]
        sizes[cell] += 1
      }
      for index in 0..<nodes {
        let cells = index * options.bins..<(index + 1) * options.bins
        let (sum, size) = (sums[cells].reduce(0, +), sizes[cells].reduce(0, +))
        guard size >= 2 * options.leaf else { continue }
        var (left, count) = (0.0, 0)
        for bin in 1..<options.bins {
          left += sums[cells.lowerBound + bin - 1]
          count += sizes[cells.lowerBound + bin - 1]
          guard count >= options.leaf, size - count >= options.leaf else { continue }
          // Σ (r - mean)² falls by S_l² / n_l + S_r² / n_r - S² / n.
          let right = sum - left
          let gain = left * left / Double(count) + right * right / Double(size - count) - sum * sum / Double(size)
          if gain > max(best[index]?.gain ?? 0, 1e-12) { best[index] = Split(input: input, bin: bin, gain: gain) }
        }
      }
    }
    return best
  }
}
