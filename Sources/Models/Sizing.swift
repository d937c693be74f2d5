/// Knows the size of its network without building it, so that a small file cannot ask for a huge one.
package protocol Sizing: ModelFamily {
  /// Scalars of all parameters and buffers; nil where the count does not fit 64 bits.
  static func scalarCount(_ configuration: Configuration, signature: Signature) -> Int?
}
