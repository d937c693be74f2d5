package import Modelling
internal import Optimisation
package import Tensors

/// Small changes of items of any kind that leave their class alone: noise, and the change that moves q(y|x) most (Miyato et al. 2018).
package struct Perturbation: Settings {
  /// Deviation of Gaussian noise on every number, in model units.
  package var noise: Float
  /// The root of the mean square of a virtual adversarial change, in model units.
  package var adversarial: Float

  package init() { self.init(noise: 0) }

  package init(noise: Float = 0, adversarial: Float = 0) { (self.noise, self.adversarial) = (noise, adversarial) }

  package static let table = Table<Self> {
    Setting(
      "noise", \.noise, in: 0...1000, "Deviation of Gaussian noise on every number, in standard deviations of its column; of pixels in their range.")
    Setting(
      "adversarial", \.adversarial, in: 0...1000,
      "Of the change that moves q(y|x) most, found by one step of power iteration: the root of its mean square, in the same units as the noise.")
  }

  package func check() throws(Fault) {
    guard noise > 0 || adversarial > 0 else { throw Fault(field: "noise", given: "nothing", expected: "noise or adversarial") }
  }

  /// - Parameters:
  ///   - items: [n, width] in model units.
  ///   - logits: of q(y|x), one tensor for every y; what they are made with has no history.
  package func callAsFunction(_ items: Tensor, keys: RowKeys, logits: (Tensor) -> [Tensor]) -> Tensor {
    let width = items.shape[1]
    let noisy = noise > 0 ? items + keys.split("noise").normal(width) * noise : items
    guard adversarial > 0 else { return noisy }
    // r = ε g / |g|, g = ∇_r KL(q(y|x) || q(y|x + r)) at r = ξ d, d a random direction
    let length = adversarial * Float(width).squareRoot()
    let probe = (keys.split("direction").normal(width).unitRows * (length * Self.probe)).watched()
    let change = zip(logits(noisy), logits(noisy + probe)).reduce(Tensor.zeros([])) { $0 - $1.0.softmax().detached.rowDots($1.1.logSoftmax()).sum() }
    return noisy + gradients(of: change, at: [probe])[0].unitRows * length
  }

  /// ξ / ε
  private static var probe: Float { 0.1 }
}

extension Tensor {
  /// T x: items, in model units, under the maps and changes under which phases want classes to stay what they are.
  func changed(
    by augmentation: Augmentation?, _ perturbation: Perturbation?, in space: Space, keys: RowKeys, logits: (Tensor) -> [Tensor]
  ) -> Tensor {
    var items = self
    if let augmentation, let picture = space.picture { items = augmentation(items, of: picture, keys: keys) }
    return perturbation.map { $0(items, keys: keys.split("perturbation"), logits: logits) } ?? items
  }

  /// Every row at length 1; one of length 0 as it is.
  fileprivate var unitRows: Tensor {
    let lengths = squared().sum(axis: 1).squareRoot().reshaped([shape[0], 1])
    return detached / lengths.detached.clamped(low: .leastNormalMagnitude, high: .greatestFiniteMagnitude)
  }
}
