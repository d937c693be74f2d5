internal import Distributions
package import Modelling
internal import Networks
package import Optimisation
package import Tensors

extension VAEACImage: GradientTrainable {
  package struct TrainingOptions: Settings {
    /// One of the masks that images are trained under, drawn with a probability in proportion to its weight.
    package struct WeightedMask: Settings {
      package var mask: PixelMask
      package var weight: Double

      package init() { self.init(.half(nil)) }

      package init(_ mask: PixelMask, weight: Double = 1) {
        self.mask = mask
        self.weight = weight
      }

      package static let table = Table<Self> {
        Setting("mask", \.mask, required: true, "\(PixelMask.grammar).")
        Setting("weight", \.weight, in: Above(0), "How often it is drawn, in proportion.")
      }
    }

    package var masks: [WeightedMask]
    /// Draws of the importance-weighted bound by which validation compares epochs.
    package var validationDraws: Int

    /// A bit of everything that people ask for, where a recipe does not say.
    package static let usualMasks = [WeightedMask(.randomRectangle(share: 0.3)), WeightedMask(.half(nil)), WeightedMask(.random(rate: 0.5))]

    package init() { self.init(masks: Self.usualMasks) }

    package init(masks: [WeightedMask] = usualMasks, validationDraws: Int = 25) {
      self.masks = masks
      self.validationDraws = validationDraws
    }

    package static let table = Table<Self> {
      Setting(
        "masks", \.masks, lengths: 1...64, of: "masks", expected: "1 to 64",
        "What is hidden of an image, one of these by weight (1 where absent): \(PixelMask.grammar).")
      Setting("validation_draws", \.validationDraws, in: 1...10_000, "Draws of the importance-weighted bound by which validation compares epochs.")
    }
  }

  package func check(_ options: TrainingOptions) throws(Fault) {
    try options.validate()
    for (index, entry) in options.masks.enumerated() {
      do throws(Fault) { try entry.mask.check(height: picture.height, width: picture.width) } catch {
        throw error.inside("masks[\(index)]")
      }
    }
  }

  package func check(items: Tensor) throws(Fault) { try configuration.observation.check(items: items) }

  /// 1 where a number is hidden, in the order of the model's numbers, the same in every channel: [keys, width].
  package func hidden(by mask: PixelMask, keys: RowKeys) -> Tensor {
    inEveryChannel(mask.hidden(height: picture.height, width: picture.width, keys: keys))
  }

  private func inEveryChannel(_ pixels: Tensor) -> Tensor { Tensor.concatenated([Tensor](repeating: pixels, count: picture.channels), axis: 1) }

  /// The mask of every row, of a kind drawn by weight.
  package func hidden(_ options: TrainingOptions, _ keys: RowKeys) -> Tensor {
    if options.masks.count == 1 { return hidden(by: options.masks[0].mask, keys: keys.split("mask").split(0)) }
    let total = options.masks.reduce(0) { $0 + $1.weight }
    let u = keys.split("kind").uniform(1).scalars
    let kinds = u.map { u in
      var sum = 0.0
      return options.masks.firstIndex { entry in
        sum += entry.weight
        return Double(u) * total < sum
      } ?? options.masks.count - 1
    }
    let pixels = picture.height * picture.width
    let candidates = options.masks.enumerated().map {
      $1.mask.hidden(height: picture.height, width: picture.width, keys: keys.split("mask").split($0)).scalars
    }
    return inEveryChannel(
      Tensor(shape: [kinds.count, pixels], scalars: kinds.enumerated().flatMap { candidates[$1][$0 * pixels..<($0 + 1) * pixels] }))
  }

  /// E_q[Σ ln p(x_i | z, ·) over hidden i] - KL(q(z | x, b) ‖ p(z | x_1-b, b)) + regulariser, with one draw of z.
  package func objective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    let missing = missing(batch.values)
    let x = masked(configuration.observation.observed(batch.values, keys: pass.keys.split("binarise")), missing)
    let hidden = Tensor.maximum(hidden(options, pass.keys), missing)
    let weights = hidden - missing
    let evidence = evidence(network, x, hidden: hidden, pass.mode)
    let q = proposal(network, x, hidden: hidden, pass.mode)
    let z = q.sample(pass.keys.split("latent"))
    return ArbitraryConditioning.objective(
      reconstruction: decode(network, z, evidence, pass.mode).logProbability(of: x, weights: weights), q: q, prior: evidence.normal,
      offset: logVolumes(weights).mean().scalar)
  }

  /// The importance-weighted bound of what is hidden as in training.
  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor {
    score(batch, targets: hidden(options, keys), draws: options.validationDraws, estimator: .proposal, keys: keys)[.iwae]
  }
}
