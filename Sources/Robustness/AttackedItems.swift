internal import Distributions
package import Modelling
package import Tensors

/// The items under attack with the model that they are attacked through; what is random is frozen by their keys.
package struct AttackedItems: Sendable {
  package let model: any Attackable
  /// [items, width] in model units.
  package let x: Tensor
  /// What a targeted attack wants each to be taken for: [items, width].
  package let targets: Tensor?
  /// Of the draws from q(z|x), one key an item.
  package let noise: RowKeys
  /// Draws from q(z|x) that a loss is averaged over; 0 takes the mean of q(z|x).
  package let samples: Int

  package init(model: any Attackable, x: Tensor, targets: Tensor? = nil, noise: RowKeys, samples: Int = 0) {
    precondition(noise.count == x.shape[0] && (targets.map { $0.shape == x.shape } ?? true), "an item has one key, and one target or none")
    self.model = model
    self.x = x
    self.targets = targets
    self.noise = noise
    self.samples = samples
  }

  package var count: Int { x.shape[0] }

  /// The same items with weights laid out for gradients.
  func ready() -> AttackedItems {
    AttackedItems(model: model.packedBothWays(), x: x, targets: targets, noise: noise, samples: samples)
  }

  /// The same items with other noise.
  package func with(noise: RowKeys, samples: Int) -> AttackedItems {
    AttackedItems(model: model, x: x, targets: targets, noise: noise, samples: samples)
  }

  /// q(z|·) of points that belong to these items, once a draw; the same noise for every point of an item.
  func inferences(_ points: Tensor, items: [Int]) -> [Inference] {
    guard samples > 0 else { return [model.inference(points, noise: nil)] }
    return (0..<samples).map { draw in model.inference(points, noise: noise(of: items, draw: draw)) }
  }

  func noise(of items: [Int], draw: Int) -> RowKeys {
    let keys = noise.split(draw)
    return .joined(items.map { keys.slice($0..<$0 + 1) })
  }

  /// The mean of a loss over the draws: [runs].
  func mean(_ points: Tensor, items: [Int], _ loss: (_ draw: Int, Inference) -> Tensor) -> Tensor {
    let losses = inferences(points, items: items).enumerated().map { loss($0, $1) }
    return losses.count == 1 ? losses[0] : losses.dropFirst().reduce(losses[0], +) * (1 / Float(losses.count))
  }

  /// q(z|·) of one reference an item, such as its target, once a draw: [items, latent] each.
  func references(_ x: Tensor) -> [Inference] { inferences(x, items: Array(0..<count)) }
}

extension Inference {
  /// The rows of some items.
  func gather(_ items: [Int]) -> Inference {
    Inference(
      posteriors: posteriors.map { Normal(mean: $0.mean.gather(items), deviation: $0.deviation.gather(items)) },
      draws: draws.map { $0.gather(items) })
  }
}

/// How far apart two posteriors are.
package enum PosteriorDistance: String, SettingValue, CaseIterable {
  /// KL(q(z|x + d) ‖ q(z|reference)).
  case kl
  /// ½ KL one way + ½ KL the other.
  case skl
  /// The squared 2-Wasserstein distance.
  case w2

  /// Of every row: [rows].
  func callAsFunction(_ q: Normal, _ reference: Normal) -> Tensor {
    switch self {
    case .kl: q.divergence(from: reference)
    case .skl: 0.5 * (q.divergence(from: reference) + reference.divergence(from: q))
    case .w2: q.squaredWasserstein(to: reference)
    }
  }

  /// Summed over layers.
  func callAsFunction(_ q: Inference, _ reference: Inference, layers: [Int]) -> Tensor {
    let terms = layers.map { self(q.posteriors[$0], reference.posteriors[$0]) }
    return terms.dropFirst().reduce(terms[0], +)
  }
}
