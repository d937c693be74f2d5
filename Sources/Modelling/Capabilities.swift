package import Formats
package import Networks
package import Tensors

// What a family can do. Items are rows of a tensor [n, width] in model units (see `Signature`). Every function keeps two laws:
// a row's result depends on that row and its key alone, never on its neighbours; and the same arguments give the same bits.

/// Draws new items.
package protocol Sampling: ModelFamily {
  /// One item a key: [keys, width].
  func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor
}

package struct SampleOptions: Sendable, Hashable {
  /// Multiplies the prior's deviation.
  package var temperature: Float
  /// The mean of p(x|z) instead of a draw from it.
  package var mean: Bool
  package var given: SampleCondition

  package init(temperature: Float = 1, mean: Bool = false, given: SampleCondition = .nothing) {
    self.temperature = temperature
    self.mean = mean
    self.given = given
  }
}

/// What samples are conditioned on.
package enum SampleCondition: Sendable, Hashable {
  case nothing
  /// A class by its name.
  case label(String)
  /// A component of a layer's mixture, the layer nearest the data being 0; the other layers are drawn from their priors.
  case component(Int, layer: Int?)
  /// Where each layer's latent variables come from, the layer nearest the data first.
  case layers([LayerSource])
}

package enum LayerSource: Sendable, Hashable {
  case prior
  case component(Int)
  /// The posterior mean of an item: [width] in model units.
  case item([Float])
}

/// Maps items to the parameters of q(z|x).
package protocol Encoding: ModelFamily {
  /// Latent variables of each layer, in the order of `encode`.
  var latentWidths: [Int] { get }
  /// One entry a layer of latent variables, the one nearest the data first.
  func encode(_ x: Tensor) -> [LatentPosterior]
}

/// A diagonal Gaussian a row; `mean` and `deviation` are [n, latent].
package struct LatentPosterior: Sendable {
  package let mean: Tensor
  package let deviation: Tensor

  package init(mean: Tensor, deviation: Tensor) {
    self.mean = mean
    self.deviation = deviation
  }
}

/// Passes items through the latent code and back.
package protocol Reconstructing: ModelFamily {
  /// E p(x|z) with z the posterior mean, or with z drawn where `sampling`: [n, width].
  func reconstruct(_ x: Tensor, sampling: Bool, keys: RowKeys) -> Tensor
}

/// Bounds ln p(x).
package protocol Scoring: ModelFamily {
  /// The observation model in words, such as "bernoulli, pixels binarised by sampling".
  var observationModel: String { get }
  /// Single-draw bound and its parts, and the importance-weighted bound of `draws` draws.
  func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores
}

/// One value an item, in nats, about the item in raw units: densities carry the scaling's Jacobian.
package struct Scores: Sendable {
  /// E_q[ln p(x|z)] - KL(q || p), one draw of z: [n].
  package let elbo: Tensor
  /// KL(q(z|x) || p(z)): [n].
  package let kl: Tensor
  /// ln p(x|z) at that draw: [n].
  package let reconstruction: Tensor
  /// ln 1/k Σ p(x, z_k) / q(z_k | x), Burda et al. 2016: [n].
  package let iwae: Tensor

  package init(elbo: Tensor, kl: Tensor, reconstruction: Tensor, iwae: Tensor) {
    self.elbo = elbo
    self.kl = kl
    self.reconstruction = reconstruction
    self.iwae = iwae
  }
}

/// Learns from items.
package protocol Trainable: ModelFamily {
  associatedtype TrainingOptions: Settings

  /// Whether items may be rows of mixed columns with missing numbers (NaN); false where a family doesn't say.
  static var learnsFromMixedTables: Bool { get }

  /// Whether known classes of some items take part in the objective; false where a family doesn't say.
  static var learnsFromLabels: Bool { get }

  /// Settings for a table of so many rows where a user has none of his own: JSON objects, empty where a family's defaults will do.
  static func suggestion(rows: Int) -> (configuration: JSONValue, training: JSONValue)

  /// Refuses options that aren't valid, or that this configuration has no use for.
  func check(_ options: TrainingOptions) throws(Fault)

  /// Refuses items that can't be learnt from, such as numbers outside [0, 1] under a Bernoulli; items: [n, width] in model units, finite.
  func check(items: Tensor) throws(Fault)

  /// The loss of one batch, differentiable in the parameters of `network`, which has the shape of this model's own.
  func objective(_ network: Network, batch: Tensor, options: TrainingOptions, pass: TrainingPass) -> Objective

  /// The network to go on with before an epoch, where a family sets some of it anew, such as a mixture fitted to latent codes; nil to go on as it is.
  ///
  /// - Parameter epoch: epochs finished; 0 before the first.
  func revised(_ network: Network, before epoch: Int, options: TrainingOptions, key: RandomKey, items: TrainingItems) -> Network?

  /// The bound that validation compares checkpoints by, of as many draws as the objective takes, in nats an item: [n].
  func validationBound(_ batch: Tensor, options: TrainingOptions, keys: RowKeys) -> Tensor
}

extension Trainable {
  package static var trainingFields: [SettingField] { TrainingOptions.table.fields }

  package func check(_ options: TrainingOptions) throws(Fault) { try options.validate() }
  package static var learnsFromMixedTables: Bool { false }
  package static var learnsFromLabels: Bool { false }
  package func revised(_ network: Network, before epoch: Int, options: TrainingOptions, key: RandomKey, items: TrainingItems) -> Network? { nil }
  package static func suggestion(rows: Int) -> (configuration: JSONValue, training: JSONValue) { (.object([]), .object([])) }
}

/// Everything that a run learns from.
package struct TrainingItems: Sendable {
  package let count: Int
  /// Places below `count` of the items with a known class, ascending, and for each its place in `signature.classes`.
  package let labelled: [(place: Int, code: Int)]
  private let batch: @Sendable ([Int]) -> Tensor

  package init(count: Int, labelled: [(place: Int, code: Int)] = [], batch: @escaping @Sendable ([Int]) -> Tensor) {
    (self.count, self.labelled, self.batch) = (count, labelled, batch)
  }

  /// The items at some places, in model units: [places, width].
  package subscript(places: [Int]) -> Tensor { batch(places) }
}

/// Where in training a batch stands.
package struct TrainingPass: Sendable {
  package let mode: Mode
  package let keys: RowKeys
  /// Epochs finished, with the fraction of the current one.
  package let epoch: Float
  /// Batches learnt from so far.
  package let step: Int
  /// Items of the whole training set; 0 where a batch is all there is.
  package let items: Int
  /// What is known of the batch's classes; no row's where a family doesn't learn from labels.
  package let labels: BatchLabels

  package init(mode: Mode, keys: RowKeys, epoch: Float, step: Int = 0, items: Int = 0, labels: BatchLabels = BatchLabels()) {
    self.mode = mode
    self.keys = keys
    self.epoch = epoch
    self.step = step
    self.items = items
    self.labels = labels
  }
}

/// Known classes of a batch, whose last rows are the labelled ones.
package struct BatchLabels: Sendable {
  /// Places in `signature.classes`, one for each of the last rows.
  package let classes: [Int]
  /// Items of the whole training set with a known class, and all of them.
  package let labelledItems: Int
  package let items: Int

  package init(classes: [Int] = [], labelledItems: Int = 0, items: Int = 1) {
    self.classes = classes
    self.labelledItems = labelledItems
    self.items = items
  }
}

/// A loss and the terms that it is made of, means over the batch in nats.
package struct Objective: Sendable {
  package let loss: Tensor
  /// Named, in a fixed order.
  package let terms: [Term]

  package struct Term: Sendable, Equatable {
    package let name: String
    package let value: Float

    package init(_ name: String, _ value: Float) {
      self.name = name
      self.value = value
    }
  }

  package init(loss: Tensor, terms: [Term]) {
    self.loss = loss
    self.terms = terms
  }
}
