package import Modelling
package import Tensors

/// What happens to a gradient between the loss and the optimiser, such as clipping, noise or the protection of weights that matter.
///
/// Gradients, parameters and moves are those of the trained tensors, in the order of the network.
package protocol GradientTransform: Sendable {
  /// How many sets of slots it keeps beside the parameters; they begin as zeros and stand in the checkpoint.
  var slotCount: Int { get }
  /// Whether `after` is called, for which the parameters are kept a second time during the step.
  var followsMoves: Bool { get }

  /// Changes a gradient before it is followed.
  func before(_ gradients: inout [Tensor], at parameters: [Tensor], _ slots: inout [ParameterSlots], _ pass: Pass)

  /// Takes note of how the parameters have moved along a gradient.
  func after(_ moves: [Tensor], along gradients: [Tensor], _ slots: inout [ParameterSlots])
}

extension GradientTransform {
  package var slotCount: Int { 0 }
  package var followsMoves: Bool { false }
  package func after(_ moves: [Tensor], along gradients: [Tensor], _ slots: inout [ParameterSlots]) {}
}
