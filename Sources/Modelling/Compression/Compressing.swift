package import Coding
package import Distributions
package import Tensors

/// Codes items without loss.
package protocol Compressing: Scoring {
  /// How many levels a number has: k of them are 0, 1/(k - 1), ..., 1 in model units.
  /// - Throws: where the prior or the likelihood of this model has no codec.
  func levels() throws(Fault) -> Int

  /// Why no model of this configuration has a codec; nil where its models do, or where that is not known of a configuration alone.
  static func lackOfCodecs(in configuration: Configuration) -> Fault?

  /// Whether items may also be images of other sizes than the signature's.
  var takesAnySize: Bool { get }

  /// How items are put onto a message; their signature is the model's own, but for the size of images where that may be any.
  func coder(of items: Levels) throws(CodingError) -> any ItemCoder
}

extension Compressing {
  package static func lackOfCodecs(in configuration: Configuration) -> Fault? { nil }
  package var takesAnySize: Bool { false }
}

/// Puts items onto a message, the last one first, so that they come off it in their order; an item is the numbers of its levels.
package protocol ItemCoder: Sendable {
  /// Words that a message needs below the items for all codes of the first one that is pushed.
  var startingWords: Int { get }

  func push(_ items: [[Int]], onto message: inout Message) throws(CodingError)
  func pop(_ count: Int, from message: inout Message) throws(CodingError) -> [[Int]]

  /// The evidence lower bound of each item as it is coded, of one draw, in nats: what bits back comes to on average.
  func bounds(_ items: [[Int]], keys: RowKeys) -> [Double]
}

/// Codes items with bits back through one layer: z ~ N(0, I), q(z|x) a diagonal Gaussian, and p(x|z) of independent numbers with a few levels each.
package protocol LatentCompressing: Compressing {
  /// Numbers of z.
  var codeWidth: Int { get }

  /// q(z|x), for items of such levels: [n, width] in model units.
  func codes(of x: Tensor) -> Normal

  /// p(x|z), an item a row: [n, codeWidth]. The symbols of an item are the numbers of its levels, in the order of model units.
  func likelihoods(given z: Tensor) throws(CodingError) -> [SymbolCodec]
}

/// Codes items with bits back through several layers, each in bins of its prior given those above it.
package protocol HierarchicallyCompressing: Compressing {
  associatedtype Hierarchy: CodedHierarchy where Hierarchy.Likelihood.Symbol == [Int]

  /// The same model with all computed that many items share.
  func prepared() -> Self

  /// An item as the hierarchy takes it is the numbers of its levels, in the order of model units.
  func hierarchy(of items: Signature) -> Hierarchy

  /// The evidence lower bound of one draw, of items of such a signature: [n, width] in model units -> [n], in nats.
  func bounds(_ x: Tensor, of items: Signature, keys: RowKeys) -> Tensor
}

extension LatentCompressing {
  package func coder(of items: Levels) throws(CodingError) -> any ItemCoder { try latentCoder(of: items) }

  /// By Gaussian codes, for a family that has others besides.
  package func latentCoder(of items: Levels) throws(CodingError) -> any ItemCoder { try LatentCoder(self, items) }
}

extension HierarchicallyCompressing {
  package func coder(of items: Levels) throws(CodingError) -> any ItemCoder { try HierarchyCoder(self, items) }
}
