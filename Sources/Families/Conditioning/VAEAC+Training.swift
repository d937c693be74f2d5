internal import Distributions
internal import Formats
package import Modelling
internal import Networks
package import Optimisation
package import Tensors

extension VAEAC: GradientTrainable {
  package struct TrainingOptions: Settings {
    /// The probability that an observed cell is hidden, independently of all others, where `mask` is empty; `usualRate` where nil.
    package var maskRate: Float?
    /// Other ways of hiding observed cells: one of these is drawn for every row.
    package var mask: [MaskGenerator]
    /// Draws of the importance-weighted bound by which validation compares epochs.
    package var validationDraws: Int

    package init() { self.init(mask: []) }

    package init(maskRate: Float? = nil, mask: [MaskGenerator] = [], validationDraws: Int = 25) {
      self.maskRate = maskRate
      self.mask = mask
      self.validationDraws = validationDraws
    }

    private static let usualRate: Float = 0.2

    var generators: [MaskGenerator] { mask.isEmpty ? [.mcar(maskRate ?? Self.usualRate)] : mask }

    /// The rate that is made use of; nil where the generators are.
    private var effectiveRate: Float? {
      get { mask.isEmpty ? maskRate ?? Self.usualRate : maskRate }
      set { maskRate = newValue }
    }

    package static let table = Table<Self> {
      Setting("mask_rate", \.effectiveRate, in: 0...1, "The probability that an observed cell is hidden, independently of all others.")
      Setting(
        "mask", \.mask,
        "Instead of mask_rate: ways of hiding cells, one of them drawn for every row by its weight (1). Kinds: mcar, every cell with probability rate (0.2); "
          + "groups, every one of groups, lists of column names, as a whole with probability rate (0.2); adjacent, width columns next to each other; "
          + "any_rate, every cell with a probability drawn for the row; patterns, what another row of the batch lacks, or as any_rate where it lacks nothing. "
          + "Training on a table without a recipe takes patterns and any_rate in turn.")
      Setting("validation_draws", \.validationDraws, in: 1...10_000, "Draws of the importance-weighted bound by which validation compares epochs.")
    }

    package func check() throws(Fault) {
      if let maskRate, !mask.isEmpty { throw Fault(field: "mask_rate", given: "\(maskRate) beside mask", expected: "mask_rate or mask, not both") }
    }
  }

  package static let learnsFrom: LearningInputs = .mixedTables

  /// A small network for a small table (found by cells hidden from the visible ones of eight UCI tables).
  /// Cells are hidden as the table's own rows lack them, and at any rate at all.
  package static func settings(forRows rows: Int) -> TableSettings {
    let (hidden, blocks, latent) = rows < 1200 ? (64, 2, 16) : (128, 4, 32)
    let kinds = [MaskGenerator.Kind.patterns, .anyRate].map { JSONValue.object([.init(name: "kind", value: .string($0.rawValue))]) }
    return TableSettings(
      configuration: ["latent": .integer(latent), "hidden": .integer(hidden), "blocks": .integer(blocks)],
      training: ["mask": .array(kinds), "validation_draws": .integer(5)])
  }

  package func check(_ options: TrainingOptions) throws(Fault) {
    try options.validate()
    try MaskMixture.check(options.mask, signature)
  }

  /// Any numbers, missing ones among them, are items.
  package func check(items: Tensor) throws(Fault) {}

  /// What is missing (1) and what the model has to generate (1), which is all of that and some of the rest: [n, columns] each.
  package func masks(_ x: Tensor, _ options: TrainingOptions, _ keys: RowKeys) -> (missing: Tensor, hidden: Tensor) {
    let missing = coding.missing(x)
    return (missing, Tensor.maximum(missing, MaskMixture(options.generators, signature).hidden(keys, missing: missing)))
  }

  /// What the density of the cells of weight 1 loses from model to raw units: [n].
  func logVolumes(_ x: Tensor, weights: Tensor) -> Tensor { weights.rowDots(signature.space.logVolumes(x)) }

  /// E_q[Σ ln p(x_i | z, ·) over hidden known i] - KL(q(z | x, b) ‖ p(z | x_1-b, b)) + regulariser, with one draw of z.
  package func objective(_ network: Network, batch: Batch, options: TrainingOptions, pass: Pass) -> Objective {
    let batch = batch.values
    let (missing, hidden) = masks(batch, options, pass.keys)
    let weights = hidden - missing
    let evidence = evidence(network, batch, hidden: hidden)
    let q = proposal(network, batch, missing: missing, hidden: hidden)
    let z = q.sample(pass.keys.split("latent"))
    return ArbitraryConditioning.objective(
      reconstruction: observation.logProbability(of: batch, weights: weights, decode(network, z, evidence)), q: q, prior: evidence.prior,
      offset: logVolumes(batch, weights: weights).mean().scalar)
  }

  /// ln 1/K Σ_k p(x_b | z_k, ·) p(z_k | x_1-b, b) / q(z_k | x, b) of cells hidden at the rate of training.
  package func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor {
    let hidden = masks(batch, options, keys).hidden
    return score(batch, targets: hidden, draws: options.validationDraws, estimator: .proposal, keys: keys)[.iwae]
  }
}
