internal import Modelling
package import Tensors

/// Moves the reconstruction or the posterior of an item as far as possible, in any direction.
package struct DamageObjective: AttackObjective {
  package enum Quantity: String, SettingValue, CaseIterable {
    /// ‖g(z) - g(z₀)‖², the mean of p(x|z) at codes of x + d and of x; squared, so that its gradient is defined where they are equal.
    case reconstruction
    /// Σ KL(q(z_l|x + d) ‖ q(z_l|x)) over the layers.
    case posterior
  }

  let items: AttackedItems
  let quantity: Quantity
  private let clean: [Inference]
  /// The reconstruction of every item, once a draw.
  private let reconstructions: [Tensor]

  package init(_ items: AttackedItems, _ quantity: Quantity = .reconstruction) {
    self.items = items
    self.quantity = quantity
    clean = items.references(items.x)
    reconstructions = quantity == .reconstruction ? clean.map { items.model.decodedMean($0.draws) } : []
  }

  package func loss(_ points: Tensor, items runs: [Int]) -> Tensor {
    items.mean(points, items: runs) { draw, q in
      switch quantity {
      case .reconstruction: -squaredDistance(items.model.decodedMean(q.draws), reconstructions[draw].gather(runs))
      case .posterior: -PosteriorDistance.kl(q, clean[draw].gather(runs), layers: Array(q.posteriors.indices))
      }
    }
  }
}

/// Moves the reconstruction by changing the code itself: -‖g(z + d) - g(z)‖², which asks how robust the decoder alone is (Lu and Chen 2023).
///
/// Points are codes: the draws of all layers side by side.
package struct LatentSpaceObjective: AttackObjective {
  let items: AttackedItems
  /// The code of every item: [items, Σ latent widths].
  package let codes: Tensor
  private let reconstructions: Tensor

  package init(_ items: AttackedItems) {
    self.items = items
    let draws = items.references(items.x)[0].draws
    codes = Tensor.concatenated(draws, axis: 1)
    reconstructions = items.model.decodedMean(draws)
  }

  package func loss(_ points: Tensor, items runs: [Int]) -> Tensor {
    -squaredDistance(items.model.decodedMean(layers(points)), reconstructions.gather(runs))
  }

  /// Codes side by side -> one tensor a layer.
  func layers(_ points: Tensor) -> [Tensor] {
    var start = 0
    return items.model.latentWidths.map { width in
      defer { start += width }
      return points.slice(1, start..<start + width)
    }
  }
}

/// ‖a - b‖² of every row: [rows].
func squaredDistance(_ a: Tensor, _ b: Tensor) -> Tensor {
  let d = a - b
  return d.rowDots(d)
}
