package import Data
internal import Foundation
package import ModelFiles

/// How the clusters of a model agree with classes, layer by layer.
///
/// What a cluster is taken for is fitted on one set of items and tried on another: `train_map`, the honest number. `test_map` fits it on the evaluated
/// items themselves, as most papers do: it is never lower for the majority rule, and grows with the number of clusters alone.
package struct ClusteringEvaluation: Findings {
  package let layers: [Layer]
  /// Evaluated items of known class, and classes that they may have.
  package let labelled: Int
  package let classes: [String]
  /// Items that the maps are fitted on; nil where they are fitted on the evaluated ones alone.
  package let fitted: Int?

  /// One clustering of the items.
  package struct Layer: Sendable {
    package let number: Int
    /// Of the evaluated items, and of those that maps are fitted on.
    package let table: ContingencyTable
    package let fitTable: ContingencyTable?
    package let meanEntropy: Double

    package var componentCount: Int { table.clusterCount }

    /// Components that some evaluated item of known class is in.
    package var usedCount: Int { table.clusterSizes.count { $0 > 0 } }

    /// The maps by the name of what they are fitted on, the honest one first.
    package func maps(_ rule: LabelMap.Rule) -> [(name: String, map: LabelMap)] {
      [("train_map", fitTable), ("test_map", table)].compactMap { name, table in table.map { (name, LabelMap(rule, fittedOn: $0)) } }
    }
  }

  /// - Parameters:
  ///   - data: with its classes.
  ///   - fit: what the maps are fitted on, with the same classes; nil for the evaluated items alone.
  package init(
    _ assignments: ClusterAssignments, of labels: Labels, fit: (assignments: ClusterAssignments, labels: Labels)? = nil
  ) throws {
    // Classes of the two sets may stand in other orders, and one may have some that the other lacks.
    let names = labels.names + (fit?.labels.names.filter { !labels.names.contains($0) } ?? [])
    guard labels.codes.contains(where: { $0 >= 0 }) else { throw DataError("no item to evaluate has a known class") }
    if let fit, !fit.labels.codes.contains(where: { $0 >= 0 }) { throw DataError("no item to fit the map of clusters on has a known class") }
    let own = labels.recoded(names)
    let other = fit?.labels.recoded(names)
    layers = assignments.layers.enumerated().map { number, layer in
      let fitTable = fit.flatMap { fit in other.map { fit.assignments.layers[number].table($0) } }
      let entropy = layer.entropies.reduce(0) { $0 + Double($1) } / Double(max(layer.entropies.count, 1))
      return Layer(number: number, table: layer.table(own), fitTable: fitTable, meanEntropy: entropy)
    }
    labelled = labels.codes.count { $0 >= 0 }
    fitted = fit?.labels.codes.count { $0 >= 0 }
    classes = names
  }

  package var metrics: [RunMetric] {
    layers.flatMap { layer in
      // What is no number, as kappa where all items have one class, is no metric.
      measures(layer).filter { $0.value.isFinite }.map { RunMetric(name: prefix(layer) + $0.name, value: $0.value, step: 0) }
    }
  }

  /// A model of one layer has no use for its number.
  private func prefix(_ layer: Layer) -> String { layers.count == 1 ? "" : "layer_\(layer.number)." }

  private func measures(_ layer: Layer) -> [(name: String, value: Double)] {
    var measures: [(String, Double)] = [("components", Double(layer.componentCount)), ("components_used", Double(layer.usedCount))]
    for rule in LabelMap.Rule.allCases {
      for (fit, map) in layer.maps(rule) {
        let confusion = map.confusion(on: layer.table)
        measures += [("accuracy.\(rule.rawValue).\(fit)", confusion.accuracy), ("kappa.\(rule.rawValue).\(fit)", confusion.cohensKappa)]
      }
    }
    return measures + [
      ("nmi", layer.table.normalisedMutualInformation), ("ari", layer.table.adjustedRandIndex), ("mean_entropy_nats", layer.meanEntropy),
    ]
  }

  package var lines: [String] {
    let fit = fitted.map { "train_map: fitted on \($0) other labelled items; test_map: on these" } ?? "test_map: fitted on these very items"
    var lines = ["clusters against \(classes.count) classes of \(labelled) items; \(fit)"]
    for layer in layers {
      let name = layers.count == 1 ? "" : "layer \(layer.number), "
      lines.append("\(name)K = \(layer.componentCount), of which \(layer.usedCount) are used")
      for (measure, value) in measures(layer) where !measure.hasPrefix("components") {
        let number = value.isFinite ? String(format: "%8.4f", value) : "       - (not defined: chance would agree on everything)"
        lines.append("  \(measure.padding(toLength: 30, withPad: " ", startingAt: 0)) \(number)")
      }
    }
    return lines
  }
}

extension Labels {
  /// The same classes by their places in another list of names.
  func recoded(_ names: [String]) -> Labels {
    let places = self.names.map { name in names.firstIndex(of: name) ?? -1 }
    return Labels(names: names, codes: codes.map { $0 < 0 ? -1 : places[$0] }, digest: digest)
  }
}
