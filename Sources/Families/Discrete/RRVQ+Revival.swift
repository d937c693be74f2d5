internal import Distributions
package import Modelling
internal import Networks
package import Tensors

extension RRVQ {
  /// Items by which use is judged.
  private static var judged: Int { 1024 }

  /// Sets codes anew that are hardly chosen, each to the query of some place of some item, with a deviation of 1 and a middling weight.
  ///
  /// What is drawn hangs on the key and on the network alone, so a run that was stopped and goes on revives the same codes.
  /// - Parameter share: of an even use, which is 1 / K; what is chosen less often is dead.
  /// - Returns: the codes set anew, layer by layer.
  package mutating func revive(from data: TrainingData, below share: Float, key: RandomKey) -> [(layer: Int, codes: [Int])] {
    let items = Array(key.split("items").permutation(data.count).prefix(Self.judged))
    let (block, k) = (256, configuration.codes)
    var use = [[Double]](repeating: [Double](repeating: 0, count: k), count: layers)
    var queries = [[Tensor]](repeating: [], count: layers)
    for start in stride(from: 0, to: items.count, by: block) {
      let rows = start..<min(start + block, items.count)
      let keys = RowKeys(key.split("codes"), rows: rows)
      let x = configuration.observation.observed(data[Array(items[rows])], keys: keys.split("binarise"))
      let pass = hardPass(network, x, latent: keys.split("latent"), .evaluation)
      for layer in 0..<layers {
        for (code, sum) in pass.logPosteriors[layer].exp().columnSums().scalars.enumerated() { use[layer][code] += Double(sum) }
        queries[layer].append(pass.queries[layer])
      }
    }
    var revived: [(layer: Int, codes: [Int])] = []
    for layer in 0..<layers {
      let least = Double(share) / Double(k) * use[layer].reduce(0, +)
      let dead = use[layer].indices.filter { use[layer][$0] < least }
      guard !dead.isEmpty else { continue }
      let pool = Tensor.concatenated(queries[layer])
      let places = key.split("places").split(layer).permutation(pool.shape[0])
      network.down[layer].codebook.set(dead, to: pool.gather(dead.indices.map { places[$0 % places.count] }))
      revived.append((layer, dead))
    }
    return revived
  }
}

extension Codebook {
  /// Codes at other places, as wide as codes are at first and as heavy as the mean of the others.
  mutating func set(_ rows: [Int], to h: Tensor) {
    let (d, h) = (codes.shape[1], h.scalars)
    codes.update { c in for (place, row) in rows.enumerated() { for i in 0..<d { c[row * d + i] = h[place * d + i] } } }
    logScales?.update { s in for row in rows { for i in 0..<d { s[row * d + i] = 0 } } }
    guard let weights = logWeights else { return }
    // ln of the mean of e^w.
    let mean = weights.logSumExp().scalar - Tensor(Float(weights.count)).log().scalar
    logWeights?.update { w in for row in rows { w[row] = mean } }
  }
}
