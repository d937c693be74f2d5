package import Tensors

/// A layer that waits for its source, as layers of a `Sequential` do: `LayerMaker { Linear(784, 512, $0) }`.
package struct LayerMaker: Sendable {
  private let make: @Sendable (ParameterSource) -> Block

  package init<Made: Layer>(_ make: @escaping @Sendable (ParameterSource) -> Made) { self.make = { Block(make($0)) } }

  /// Of a layer without parameters.
  package init(_ layer: some Layer) { self.init { _ in layer } }

  package func callAsFunction(_ source: ParameterSource) -> Block { make(source) }
}

extension [LayerMaker] {
  /// Linear layers of these widths, each followed by batch normalisation where asked for, and by the activation.
  package static func mlp(_ inputs: Int, _ widths: [Int], _ activation: Activation, batchNorm: Bool = false) -> [LayerMaker] {
    zip([inputs] + widths, widths).flatMap { input, output in
      let linear = [LayerMaker { Linear(input, output, $0) }]
      return linear + (batchNorm ? [LayerMaker { BatchNorm(output, $0) }] : []) + [LayerMaker(activation)]
    }
  }
}
