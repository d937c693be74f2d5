internal import Modelling
package import Tensors

/// Makes the decoder explain the target: -E ln p(x_t|z) + KL(q(z|x + d) ‖ p(z)), z ~ q(z|x + d) (Kos et al. 2018).
package struct OutputObjective: AttackObjective {
  let items: AttackedItems
  private let targets: Tensor

  package init(_ items: AttackedItems) {
    guard let targets = items.targets else { preconditionFailure("a targeted attack has targets") }
    self.items = items
    self.targets = targets
  }

  package func loss(_ points: Tensor, items runs: [Int]) -> Tensor {
    let targets = targets.gather(runs)
    return items.mean(points, items: runs) { _, q in items.model.divergence(q) - items.model.logLikelihood(of: targets, given: q.draws) }
  }
}
