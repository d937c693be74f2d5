internal import Distributions
package import Modelling
internal import Networks
package import Tensors

extension VAEACImage: Trainable {
  package struct TrainingOptions: Codable, Sendable, Equatable {
    /// One of the masks that images are trained under, drawn with a probability in proportion to its weight.
    package struct WeightedMask: Codable, Sendable, Equatable {
      package let mask: PixelMask
      package let weight: Double

      package init(_ mask: PixelMask, weight: Double = 1) {
        self.mask = mask
        self.weight = weight
      }

      package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(try values.decode(PixelMask.self, forKey: .mask), weight: try values.decodeIfPresent(Double.self, forKey: .weight) ?? 1)
      }
    }

    package var masks: [WeightedMask]
    /// Draws of the importance-weighted bound by which validation compares epochs.
    package var validationDraws: Int

    /// A bit of everything that people ask for, where a recipe does not say.
    package static let usualMasks = [WeightedMask(.randomRectangle(share: 0.3)), WeightedMask(.half(nil)), WeightedMask(.random(rate: 0.5))]

    package init(masks: [WeightedMask] = usualMasks, validationDraws: Int = 25) {
      self.masks = masks
      self.validationDraws = validationDraws
    }

    private enum CodingKeys: String, CodingKey {
      case masks
      case validationDraws = "validation_draws"
    }

    package init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      self.init(
        masks: try values.decodeIfPresent([WeightedMask].self, forKey: .masks) ?? Self.usualMasks,
        validationDraws: try values.decodeIfPresent(Int.self, forKey: .validationDraws) ?? 25)
    }
  }

  package static let trainingFields: [ConfigurationField] = [
    ConfigurationField(
      "masks", "[{mask, weight}]", default: #"[{"mask": "rectangle:0.3"}, {"mask": "half"}, {"mask": "random:0.5"}]"#,
      "What is hidden of an image, one of these by weight (1 where absent): \(PixelMask.grammar)."),
    ConfigurationField(
      "validation_draws", "integer", default: "25", "Draws of the importance-weighted bound by which validation compares epochs."),
  ]

  package func check(_ options: TrainingOptions) throws(Fault) {
    guard (1...64).contains(options.masks.count) else {
      throw Fault(field: "masks", given: "\(options.masks.count) masks", expected: "1 to 64")
    }
    for (index, entry) in options.masks.enumerated() {
      do throws(Fault) { try entry.mask.check(height: plan.height, width: plan.width) } catch {
        throw error.inside("masks[\(index)]")
      }
      guard entry.weight.isFinite, entry.weight > 0 else {
        throw Fault(field: "masks[\(index)].weight", given: "\(entry.weight)", expected: "a positive number")
      }
    }
    guard (1...10_000).contains(options.validationDraws) else {
      throw Fault(field: "validation_draws", given: "\(options.validationDraws)", expected: "1 to 10000")
    }
  }

  package func check(items: Tensor) throws(Fault) { try configuration.observation.check(items: items) }

  /// 1 where a number is hidden, in the order of the model's numbers, the same in every channel: [keys, width].
  package func hidden(by mask: PixelMask, keys: RowKeys) -> Tensor { inEveryChannel(mask.hidden(height: plan.height, width: plan.width, keys: keys)) }

  private func inEveryChannel(_ pixels: Tensor) -> Tensor { Tensor.concatenated([Tensor](repeating: pixels, count: plan.channels), axis: 1) }

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
    let pixels = plan.height * plan.width
    let candidates = options.masks.enumerated().map {
      $1.mask.hidden(height: plan.height, width: plan.width, keys: keys.split("mask").split($0)).scalars
    }
    return inEveryChannel(
      Tensor(shape: [kinds.count, pixels], scalars: kinds.enumerated().flatMap { candidates[$1][$0 * pixels..<($0 + 1) * pixels] }))
  }

  /// E_q[Σ ln p(x_i | z, ·) over hidden i] - KL(q(z | x, b) ‖ p(z | x_1-b, b)) + regulariser, with one draw of z.
  package func objective(_ network: Network, batch: Tensor, options: TrainingOptions, pass: TrainingPass) -> Objective {
    let missing = missing(batch)
    let x = masked(configuration.observation.observed(batch, keys: pass.keys.split("binarise")), missing)
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
    score(batch, targets: hidden(options, keys), draws: options.validationDraws, estimator: .proposal, keys: keys).iwae
  }
}
