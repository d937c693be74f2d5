internal import Locking
package import Tensors

/// Whether a layer answers a request or learns; batch normalisation is the layer to which it matters.
package enum Mode: Sendable {
  /// Running averages are used, nothing is remembered: a row's answer depends on that row alone.
  case evaluation
  /// Batch statistics are used, and the new running averages are handed to the collector.
  case training(BufferUpdates)

  /// The same without a trace in the running averages, for rows that are not such as answers will be about.
  package var untraced: Mode {
    switch self {
    case .evaluation: .evaluation
    case .training: .training(BufferUpdates())
    }
  }
}

/// New values for the buffers of a watched module, gathered during one training pass.
package final class BufferUpdates: Sendable {
  private let values = Protected<[ObjectIdentifier: Tensor]>([:])
  /// How much a batch weighs in a running average; nil: as much as the layer says.
  let momentum: Float?

  package init(momentum: Float? = nil) { self.momentum = momentum }

  /// The value that a watched buffer should have after this step; the last one recorded counts.
  package func record(_ value: Tensor, for buffer: Tensor) {
    guard let identity = buffer.identity else { return }
    values.withLock { $0[identity] = value }
  }

  /// The new value of a watched buffer, or nil where the pass did not touch it.
  package subscript(_ buffer: Tensor) -> Tensor? {
    guard let identity = buffer.identity else { return nil }
    return values.withLock { $0[identity] }
  }
}

/// The gradient of a scalar in the shape of the module, and the module's buffers after the pass.
package struct Gradient<M: Module>: Sendable {
  /// Gradients in place of the parameters, zero where the value does not depend on one; buffers hold their new values.
  package let module: M

  package init(module: M) { self.module = module }
}

/// Evaluates `objective` on a watched copy of the module and differentiates the scalar that `loss` picks from it.
package func valueAndGradient<M: Module, Value>(
  at module: M, loss: (Value) -> Tensor, of objective: (M, Mode) throws -> Value
) rethrows -> (value: Value, gradient: Gradient<M>) {
  let watched = module.mapping { $1.watched() }
  let updates = BufferUpdates()
  let value = try objective(watched, .training(updates))
  let gradients = loss(value).backward()
  let tree = watched.mapping { leaf, tensor in
    leaf.isTrainable ? gradients[tensor] ?? .zeros(tensor.shape) : updates[tensor] ?? tensor.detached
  }
  return (value, Gradient(module: tree))
}

extension Module {
  /// The same module with running averages in which each of some batches weighs as much, as with PyTorch's `momentum=None`.
  ///
  /// - Parameter pass: takes a batch, by its number, through the module.
  package func averagingBuffers(over batches: Int, _ pass: (_ module: Self, _ batch: Int, Mode) -> Void) -> Self {
    var module = mapping { $1.detached }
    for batch in 0..<batches {
      let updates = BufferUpdates(momentum: 1 / Float(batch + 1))
      let watched = module.mapping { $0.isTrainable ? $1 : $1.watched() }
      pass(watched, batch, .training(updates))
      module = watched.mapping { leaf, tensor in leaf.isTrainable ? tensor : (updates[tensor] ?? tensor).detached }
    }
    return module
  }
}
