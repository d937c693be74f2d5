package import Tensors

/// activation(shortcut(x) + body(x)) (He et al. 2016); without a shortcut the body keeps the shape, without an activation the sum stays.
package struct ResidualBlock: Layer {
  package var body: Sequential
  package var shortcut: Block?
  private let activation: Block?

  package init(_ body: Sequential, shortcut: Block? = nil, activation: Block? = nil) {
    (self.body, self.shortcut, self.activation) = (body, shortcut, activation)
  }

  package static let fields: [Field<Self>] = [.child("body", \.body), .child("shortcut", \.shortcut)]

  package func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    let sum = (shortcut?(x, mode) ?? x) + body(x, mode)
    return activation?(sum, mode) ?? sum
  }

  /// Twice normalisation over groups of channels, activation and a convolution of 3x3; x: [n, inputs, h, w] -> [n, outputs, h, w] (Ho et al. 2020).
  ///
  /// `groups` divides both numbers of channels; where these differ the shortcut is a convolution of 1x1.
  package static func normalised(_ inputs: Int, _ outputs: Int, groups: Int, activation: Activation = .silu, _ source: ParameterSource)
    -> ResidualBlock
  {
    let geometry = ConvolutionGeometry(kernel: 3, padding: 1)
    return ResidualBlock(
      Sequential([
        Block(GroupNorm(inputs, groups: groups, source)), Block(activation), Block(Convolution(inputs, outputs, geometry, source[0])),
        Block(GroupNorm(outputs, groups: groups, source)), Block(activation), Block(Convolution(outputs, outputs, geometry, source[1])),
      ]),
      shortcut: inputs == outputs ? nil : Block(Convolution(inputs, outputs, ConvolutionGeometry(kernel: 1), source["shortcut"])))
  }
}
