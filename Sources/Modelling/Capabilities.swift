package import Tensors

// What a family can do. Items are rows of a tensor [n, width] in model units (see `Signature`). Every function keeps two laws:
// a row's result depends on that row and its key alone, never on its neighbours; and the same arguments give the same bits.

/// Draws new items.
package protocol Sampling: ModelFamily {
  /// One item a key: [keys, width], of texts [keys, length].
  func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor
}

package struct SampleOptions: Sendable, Hashable {
  /// Multiplies the prior's deviation; what the logits of every character of a text are divided by.
  package var temperature: Float
  /// The mean of p(x|z) instead of a draw from it; of a text the likeliest character at every place.
  package var mean: Bool
  package var given: SampleCondition
  /// Characters of a text; nil for as many as `TokenSpace.sampleLength`.
  package var length: Int?

  package init(temperature: Float = 1, mean: Bool = false, given: SampleCondition = .nothing, length: Int? = nil) {
    self.temperature = temperature
    self.mean = mean
    self.given = given
    self.length = length
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
  /// A class or a component, and beside it where each layer's latent variables come from: that class in the manner of an item.
  case classed(ClassChoice, [LayerSource])
  /// What a text goes on from, as codes.
  case text([Int])
}

/// What an item is to be.
package enum ClassChoice: Sendable, Hashable {
  case label(String)
  case component(Int)

  /// Where a request has it.
  package var field: String {
    switch self {
    case .label: "given.label"
    case .component: "given.cluster"
    }
  }
}

package enum LayerSource: Sendable, Hashable {
  case prior
  case component(Int)
  /// The posterior mean of an item: [width] in model units.
  case item([Float])
  /// The latent variables themselves: [latent].
  case code([Float])
}

/// Maps items to their codes.
package protocol Encoding: ModelFamily {
  /// The kind and size of each layer's code, in the order of `encode`.
  var codeForms: [Code.Form] { get }
  /// One entry a layer of latent variables, the one nearest the data first.
  func encode(_ x: Tensor) -> [Code]
}

/// Maps codes to items.
package protocol Decoding: Encoding {
  /// Latent variables of each layer, the one nearest the data first.
  var latentWidths: [Int] { get }
  /// p(x|z): its mean where the options say so, else a draw from it; [n, width] in model units.
  ///
  /// A layer's row of NaN is drawn from its prior at the options' temperature, given the rows of the layers that it depends on.
  /// - Parameter codes: of every layer: [n, latent].
  func decode(_ codes: [Tensor], keys: RowKeys, _ options: SampleOptions) -> Tensor
}

extension Decoding {
  /// Codes that leave every layer to its prior.
  package func unknownCodes(rows: Int) -> [Tensor] { latentWidths.map { .full([rows, $0], .nan) } }
}

/// Passes items through the latent code and back.
package protocol Reconstructing: ModelFamily {
  /// E p(x|z) with z the posterior mean, or with z drawn where `sampling`: [n, width].
  func reconstruct(_ x: Tensor, sampling: Bool, keys: RowKeys) -> Tensor
}

/// Says how likely items are.
package protocol Scoring: ModelFamily {
  /// The observation model in words, such as "bernoulli, pixels binarised by sampling".
  var observationModel: String { get }
  /// What `score` answers, in its order.
  var scoreTerms: [Scores.Term] { get }
  /// - Parameter draws: of the latent variables, for what is estimated by several.
  func score(_ x: Tensor, draws: Int, keys: RowKeys) -> Scores
}

extension Scoring {
  package var scoreTerms: [Scores.Term] { Scores.Term.bounds }
}
