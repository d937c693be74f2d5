package import Coding
package import Distributions
package import Tensors

/// Codes items without loss, with bits back: z ~ N(0, I), q(z|x) a diagonal Gaussian, and p(x|z) of independent numbers with a few levels each.
package protocol Compressing: Scoring {
  /// Numbers of z.
  var codeWidth: Int { get }

  /// How many levels a number has: k of them are 0, 1/(k - 1), ..., 1 in model units.
  /// - Throws: where the prior or the likelihood of this model has no codec.
  func levels() throws(Fault) -> Int

  /// Why no model of this configuration has a codec; nil where its models do, or where that is not known of a configuration alone.
  static func lackOfCodecs(in configuration: Configuration) -> Fault?

  /// q(z|x), for items of such levels: [n, width] in model units.
  func codes(of x: Tensor) -> Normal

  /// p(x|z), an item a row: [n, codeWidth]. The symbols of an item are the numbers of its levels, in the order of model units.
  func likelihoods(given z: Tensor) throws(CodingError) -> [SymbolCodec]
}

extension Compressing {
  package static func lackOfCodecs(in configuration: Configuration) -> Fault? { nil }
}
