package import Modelling
package import Tensors

/// A random change of the inputs of an encoder, which has to see through it (Vincent et al. 2008).
package struct Denoising: Settings {
  /// Of pixels that turn black, and of pixels that turn white.
  package var share: Float
  /// Deviation of Gaussian noise, in model units.
  package var noise: Float

  package init() { self.init(share: 0) }

  package init(share: Float = 0, noise: Float = 0) { (self.share, self.noise) = (share, noise) }

  package static let table = Table<Self> {
    Setting("share", \.share, in: 0...0.5, "Of pixels that are set to their least value, and independently of those that are set to their greatest.")
    Setting(
      "noise", \.noise, in: 0...1000, "Deviation of Gaussian noise on every number, in standard deviations of its column; of pixels in their range.")
  }

  package func check() throws(Fault) {
    guard share > 0 || noise > 0 else { throw Fault(field: "share", given: "nothing", expected: "share or noise") }
  }

  /// x a + b + ε with a ~ Bernoulli(1 - share), b ~ Bernoulli(share), ε ~ N(0, noise²), pixels held in 0...1.
  package func corrupted(_ x: Tensor, isPicture: Bool, keys: RowKeys) -> Tensor {
    let width = x.shape[1]
    var x = x
    if share > 0 {
      let shares = Tensor.full(x.shape, share)
      x = x * (1 - keys.split("black").bernoulli(shares)) + keys.split("white").bernoulli(shares)
    }
    if noise > 0 { x = x + keys.split("noise").normal(width) * noise }
    return isPicture ? x.clamped(low: 0, high: 1) : x
  }
}
