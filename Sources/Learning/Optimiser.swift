internal import CKernels
package import Modelling
package import Networks
internal import Tensors

/// How parameters move along their gradients; the formulae are those of PyTorch's documentation.
package struct Optimiser: Settings {
  package enum Kind: String, CaseIterable, SettingValue { case sgd, adam, adamw, adamax, rmsprop }

  package var kind: Kind
  package var rate: Float
  /// Of SGD.
  package var momentum: Float
  package var nesterov: Bool
  /// Decay of the first and second moment of the Adam family.
  package var betas: [Float]
  /// Smoothing of RMSProp's squares.
  package var alpha: Float
  package var epsilon: Float
  /// Added to the gradient as an L2 penalty; taken off the parameter instead for `adamw`.
  package var weightDecay: Float

  package init() { self.init(.adam) }

  package init(
    _ kind: Kind = .adam, rate: Float = 1e-3, momentum: Float = 0, nesterov: Bool = false, betas: [Float] = [0.9, 0.999], alpha: Float = 0.99,
    epsilon: Float = 1e-8, weightDecay: Float = 0
  ) {
    self.kind = kind
    self.rate = rate
    self.momentum = momentum
    self.nesterov = nesterov
    self.betas = betas
    self.alpha = alpha
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  package static let table = Table<Self> {
    Setting("kind", \.kind, "How parameters move.")
    Setting("rate", \.rate, in: Above(0), "The learning rate, before the schedule's factor.")
    Setting("momentum", \.momentum, in: 0..<1, "Of sgd.")
    Setting("nesterov", \.nesterov, "Whether sgd looks ahead along its momentum.")
    Setting("betas", \.betas, "Decay of the first and second moment of adam, adamw and adamax.")
    Setting("alpha", \.alpha, in: 0..<1, "Smoothing of the squares of rmsprop.")
    Setting("epsilon", \.epsilon, in: Above(0), "Added to the root that a step is divided by.")
    Setting("weight_decay", \.weightDecay, in: 0..., "Added to the gradient as an L2 penalty; taken off the parameter instead for adamw.")
  }

  package func check() throws(Fault) {
    guard betas.count == 2, betas.allSatisfy({ (0..<1).contains($0) }) else {
      throw Fault(field: "betas", given: "\(betas)", expected: "two numbers from 0 to below 1")
    }
    // As in PyTorch: without momentum there is nothing to look ahead along.
    guard !nesterov || momentum > 0 else { throw Fault(field: "nesterov", given: "true", expected: "false, because momentum is 0") }
  }

  /// Numbers kept for every parameter between steps.
  var slotCount: Int {
    switch kind {
    case .sgd, .rmsprop: 1
    case .adam, .adamw, .adamax: 2
    }
  }
}

/// An optimiser's memory: one or two numbers for every trained scalar, in the order of the module's fields.
package struct OptimiserState: Sendable {
  let optimiser: Optimiser
  /// Steps taken.
  private(set) var step = 0
  /// [parameter][slot][scalar]
  package private(set) var slots: [[[Float]]]
  private let paths: [String]

  package init<M: Module>(_ optimiser: Optimiser, for module: M) {
    let trained = module.leaves.filter(\.leaf.isTrainable)
    self.optimiser = optimiser
    paths = trained.map(\.leaf.path)
    // Each slot its own array from the start: shared zeros would be copied in the first step.
    slots = trained.map { parameter in (0..<optimiser.slotCount).map { _ in [Float](repeating: 0, count: parameter.tensor.count) } }
  }

  /// One step of every trained parameter, in place; buffers take the values that stand in `gradient`. `rate` is the schedule's.
  ///
  /// A parameter without any gradient stays where it is, as one whose gradient is None does in PyTorch: what an objective leaves alone for a while
  /// would otherwise go on along its old momentum.
  package mutating func update<M: Module>(_ module: inout M, along gradient: Gradient<M>, rate: Float) {
    step += 1
    var gradients = gradient.module.leaves.makeIterator()
    var index = 0
    module.visit { leaf, parameter in
      guard let (_, g) = gradients.next() else { preconditionFailure("a gradient has the shape of its module") }
      guard leaf.isTrainable else {
        parameter = g
        return
      }
      if !g.isZero { move(&parameter, along: g, slot: index, rate: rate) }
      index += 1
    }
  }

  private mutating func move(_ parameter: inout Tensor, along gradient: Tensor, slot index: Int, rate: Float) {
    let (optimiser, step, count) = (optimiser, step, parameter.count)
    // Taken out while it is changed, so that the change happens in place.
    var slot: [[Float]] = []
    swap(&slot, &slots[index])
    defer { swap(&slot, &slots[index]) }
    let bias1 = 1 - optimiser.betas[0].raised(to: step)
    let bias2 = 1 - optimiser.betas[1].raised(to: step)
    var first = slot.removeFirst()
    var second = slot.popLast() ?? []
    gradient.withScalars { g in
      first.withUnsafeMutableBufferPointer { first in
        second.withUnsafeMutableBufferPointer { second in
          guard let a = first.baseAddress else { return }
          let b = second.baseAddress ?? a
          parameter.update { p in
            // Every scalar moves on its own, so the cut over threads changes no bit.
            Parallelism.performParts(count, cost: 2) { start, n in
              let (p, g, a, b) = (p + start, g + start, a + start, b + start)
              switch optimiser.kind {
              case .sgd:
                kernel_sgd(p, g, a, n, rate, optimiser.momentum, optimiser.weightDecay, optimiser.nesterov ? 1 : 0, step == 1 ? 1 : 0)
              case .adam, .adamw:
                kernel_adam(
                  p, g, a, b, n, rate, optimiser.betas[0], optimiser.betas[1], optimiser.epsilon, optimiser.weightDecay,
                  optimiser.kind == .adamw ? 1 : 0, bias1, bias2)
              case .adamax:
                kernel_adamax(p, g, a, b, n, rate, optimiser.betas[0], optimiser.betas[1], optimiser.epsilon, optimiser.weightDecay, bias1)
              case .rmsprop: kernel_rmsprop(p, g, a, n, rate, optimiser.alpha, optimiser.epsilon, optimiser.weightDecay)
              }
            }
          }
        }
      }
    }
    slot = optimiser.slotCount == 2 ? [first, second] : [first]
  }

  // MARK: Checkpoints

  /// The slots as named tensors.
  var tensors: [(name: String, tensor: Tensor)] {
    zip(paths, slots).flatMap { path, slots in slots.enumerated().map { ("optimiser.\($0).\(path)", Tensor($1)) } }
  }

  /// The state that `tensors` came from; nil where a tensor is missing or of another size.
  func restored(from tensors: [String: Tensor], step: Int) -> OptimiserState? {
    var copy = self
    copy.step = step
    for (index, path) in paths.enumerated() {
      for slot in slots[index].indices {
        guard let tensor = tensors["optimiser.\(slot).\(path)"], tensor.count == slots[index][slot].count else { return nil }
        copy.slots[index][slot] = tensor.scalars
      }
    }
    return copy
  }
}

extension Tensor {
  /// Whether every number is 0; most gradients tell by their first.
  fileprivate var isZero: Bool { withScalars { x in !(0..<count).contains { x[$0] != 0 } } }
}

extension Float {
  /// self to a whole power, computed in double by squaring, so that it is the same on every machine.
  fileprivate func raised(to power: Int) -> Float {
    var (result, base, left) = (1.0, Double(self), power)
    while left > 0 {
      if left & 1 == 1 { result *= base }
      base *= base
      left >>= 1
    }
    return Float(result)
  }
}
