internal import Modelling
package import Tensors

/// Makes an item improbable: E ln p(x + d|z) - KL(q(z|x + d) ‖ p(z)), the ELBO of the perturbed item itself.
package struct LikelihoodObjective: AttackObjective {
  let items: AttackedItems

  package init(_ items: AttackedItems) { self.items = items }

  package func loss(_ points: Tensor, items runs: [Int]) -> Tensor {
    items.mean(points, items: runs) { _, q in items.model.logLikelihood(of: points, given: q.draws) - items.model.divergence(q) }
  }
}
