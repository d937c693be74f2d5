package import Modelling
package import Tensors

/// Changes the decision of a model that classifies, by its logits: probabilities would hide their gradients where they saturate.
package struct DownstreamObjective: AttackObjective {
  package enum Quantity: String, SettingValue, CaseIterable {
    /// ln p(reference class), which an attack lowers.
    case crossEntropy = "cross_entropy"
    /// The logit of the reference class less the largest of the others; below 0 the decision has changed.
    case margin
    /// The margin in units of differences between the logits themselves, which no scaling of a network changes: the difference of logits ratio (Croce and Hein 2020, equations 6
    /// and 7). The margin where there are too few classes for it.
    case logitRatio = "dlr"
  }

  let model: any Classifying
  let quantity: Quantity
  /// The class of every item that the attack leads away from.
  package let classes: [Int]
  /// The other classes of every item, the likeliest of the item as it is first.
  private let others: [[Int]]
  /// The place among `others` of the class that the attack leads to; nil for whichever is nearest.
  private var rank: Int?

  /// - Parameter classes: nil for the model's own decisions about the items.
  package init(_ model: any Classifying, x: Tensor, classes: [Int]? = nil, _ quantity: Quantity = .margin) {
    self.model = model
    self.quantity = quantity
    let logits = model.logits(x)
    let reference = classes ?? logits.argmaxRows()
    self.classes = reference
    others = reference.indices.map { item in
      let row = logits.row(item)
      return row.indices.filter { $0 != reference[item] }.sorted { row[$0] != row[$1] ? row[$0] > row[$1] : $0 < $1 }
    }
  }

  /// The same with another quantity, perhaps led to one class an item: the `rank`-th likeliest of the others.
  package func with(_ quantity: Quantity, towards rank: Int? = nil) -> DownstreamObjective {
    DownstreamObjective(model: model, quantity: quantity, classes: classes, others: others, rank: rank)
  }

  private init(model: any Classifying, quantity: Quantity, classes: [Int], others: [[Int]], rank: Int?) {
    (self.model, self.quantity, self.classes, self.others, self.rank) = (model, quantity, classes, others, rank)
  }

  /// Classes that an item can be led to.
  var targetCount: Int { others.first?.count ?? 0 }

  package func loss(_ points: Tensor, items runs: [Int]) -> Tensor {
    let logits = model.logits(points)
    let references = Self.indicators(runs.map { classes[$0] }, logits.shape)
    let own = (logits * references).rowSums()
    if quantity == .crossEntropy { return own - logits.logSumExp() }
    let other =
      if let rank { (logits * Self.indicators(runs.map { others[$0][rank] }, logits.shape)).rowSums() } else {
        // Far below every other logit, the reference is never the largest of the others.
        (logits - references * 1e9).max(axis: 1)
      }
    guard quantity == .logitRatio, logits.shape[1] >= (rank == nil ? 3 : 4) else { return own - other }
    // The logits in their order, each picked by an indicator so that its gradient is its own.
    let order = (0..<runs.count).map { row -> [Int] in
      let values = logits.detached.row(row)
      return values.indices.sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }
    }
    func place(_ k: Int) -> Tensor { (logits * Self.indicators(order.map { $0[k] }, logits.shape)).rowSums() }
    let spread = rank == nil ? place(0) - place(2) : place(0) - (place(2) + place(3)) * 0.5
    return (own - other) / (spread + 1e-12)
  }

  /// 1 in the given column of every row.
  private static func indicators(_ columns: [Int], _ shape: Shape) -> Tensor {
    Tensor(shape: shape) { y in
      y.update(repeating: 0, count: shape.count)
      for (row, column) in columns.enumerated() { y[row * shape[1] + column] = 1 }
    }
  }
}
