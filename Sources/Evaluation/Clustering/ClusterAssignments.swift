package import Data
package import Modelling
internal import Tensors

/// The clusters of a whole data set, layer by layer, with its classes where they are known.
package struct ClusterAssignments: Sendable {
  /// The layer nearest the data first.
  package let layers: [Layer]

  package struct Layer: Sendable {
    package let componentCount: Int
    /// The likeliest component of each item, its probability, and the entropy of all of them in nats.
    package fileprivate(set) var components: [Int] = []
    package fileprivate(set) var probabilities: [Float] = []
    package fileprivate(set) var entropies: [Float] = []

    package func table(_ labels: Labels) -> ContingencyTable {
      ContingencyTable(clusters: components, classes: labels.codes, clusterCount: componentCount, classCount: labels.names.count)
    }

    /// Items of a component, the surest first; the earlier one of equals.
    package func surest(of component: Int, atMost limit: Int) -> [Int] {
      let own = components.indices.filter { components[$0] == component }
      return Array(own.sorted { probabilities[$0] == probabilities[$1] ? $0 < $1 : probabilities[$0] > probabilities[$1] }.prefix(limit))
    }
  }

  /// Takes the posterior mean of every item, so that no number is drawn.
  package init(of model: any Clustering, on data: DataSet, progress: (Int) -> Void = { _ in }) {
    var layers = model.componentCounts.map { Layer(componentCount: $0) }
    let keys = RandomKey(seed: 0)
    let block = 500
    for start in stride(from: 0, to: data.count, by: block) {
      let rows = start..<min(start + block, data.count)
      for (layer, found) in model.responsibilities(data.batch(rows), draws: 0, keys: RowKeys(keys, rows: rows)).enumerated() {
        let assignment = ComponentAssignment(found)
        layers[layer].components += assignment.components
        layers[layer].probabilities += assignment.probabilities
        layers[layer].entropies += assignment.entropies
      }
      progress(rows.upperBound)
    }
    self.layers = layers
  }
}
