internal import Modelling
package import Tensors

/// Moves the posterior of an item to that of its target: Σ D(q(z_l|x + d) ‖ q(z_l|x_t)) over layers.
///
/// Tabacof et al. 2016, Gondim-Ribeiro et al. 2018; every layer of a hierarchy or some of them (Kuzina et al. 2021).
package struct LatentObjective: AttackObjective {
  let items: AttackedItems
  let distance: PosteriorDistance
  /// Places among the layers, the one nearest the data being 0.
  let layers: [Int]
  private let targets: [Inference]

  package init(_ items: AttackedItems, distance: PosteriorDistance = .kl, layers: [Int]? = nil) {
    guard let targets = items.targets else { preconditionFailure("a targeted attack has targets") }
    self.items = items
    self.distance = distance
    self.layers = layers ?? Array(items.model.latentWidths.indices)
    self.targets = items.references(targets)
  }

  package func loss(_ points: Tensor, items runs: [Int]) -> Tensor {
    items.mean(points, items: runs) { draw, q in distance(q, targets[draw].gather(runs), layers: layers) }
  }
}
