package import Modelling
package import Networks
package import Tensors

/// A network that learns, with all that its optimiser and its gradient transforms remember: one tree of tensors, so one part of a checkpoint.
package struct Player<Network: Module>: Module {
  package let descent: Descent
  package var network: Network
  /// Of the optimiser: one or two sets.
  package private(set) var moments: [ParameterSlots]
  /// Steps taken.
  private var steps = StepCount()
  /// Of every transform.
  private var slots: [[ParameterSlots]]

  package init(_ network: Network, _ descent: Descent) {
    (self.network, self.descent) = (network, descent)
    moments = (0..<descent.optimiser.slotCount).map { _ in ParameterSlots(for: network) }
    slots = descent.transforms.map { transform in (0..<transform.slotCount).map { _ in ParameterSlots(for: network) } }
  }

  package static var fields: [Field<Self>] {
    [.child("network", \.network), .child("optimiser", \.moments), .child("steps", \.steps), .child("transforms", \.slots)]
  }
}

// MARK: - A step in place

extension Player {
  /// One step of descent on a loss; the terms of the objective are those before it.
  @discardableResult
  package mutating func descend(_ pass: Pass, _ objective: (Network, Mode) throws -> Objective) throws -> [Term] {
    let (terms, gradient) = try slope(objective)
    move(against: gradient, pass)
    return terms
  }

  /// The history ends with this call, so that the step finds the parameters unshared.
  private func slope(_ objective: (Network, Mode) throws -> Objective) throws -> ([Term], Gradient<Network>) {
    let (objective, gradient) = try valueAndGradient(at: network, loss: \.loss, of: objective)
    guard objective.loss.isFinite else { throw Divergence() }
    return (objective.terms, gradient)
  }

  /// One step against a gradient at the optimiser's rate times the schedule's factor; buffers take the values that stand in the gradient's tree.
  package mutating func move(against gradient: Gradient<Network>, _ pass: Pass) {
    move(against: gradient, rate: descent.optimiser.rate * pass.rateFactor, pass)
  }

  package mutating func move(against gradient: Gradient<Network>, rate: Float, _ pass: Pass) {
    var gradients = gradient.module.parameterTensors
    for (index, transform) in descent.transforms.enumerated() {
      transform.before(&gradients, at: network.parameterTensors, &slots[index], pass)
    }
    let follows = descent.transforms.contains(where: \.followsMoves)
    let start = follows ? network.parameterTensors : []
    update(against: gradients, buffers: gradient.module.leaves.filter { !$0.leaf.isTrainable }.map(\.tensor), rate: rate)
    guard follows else { return }
    let moves = zip(network.parameterTensors, start).map { $0 - $1 }
    for (index, transform) in descent.transforms.enumerated() where transform.followsMoves {
      transform.after(moves, along: gradients, &slots[index])
    }
  }

  private mutating func update(against gradients: [Tensor], buffers: [Tensor], rate: Float) {
    steps.value += 1
    let (optimiser, step) = (descent.optimiser, steps.value)
    var (place, left) = (0, buffers[...])
    var moments: [ParameterSlots] = []
    swap(&moments, &self.moments)
    network.visit { leaf, tensor in
      guard leaf.isTrainable else {
        tensor = left.removeFirst()
        return
      }
      optimiser.move(&tensor, against: gradients[place], &moments, at: place, step: step, rate: rate)
      place += 1
    }
    swap(&moments, &self.moments)
  }
}

// MARK: - Steps with a history

extension Player {
  /// This player after some steps of descent on `loss`, its parameters with the history of every step, moments included.
  ///
  /// f(θ, φ_K) with φ_k+1 = φ_k moved against ∇_φ loss(θ, φ_k), of which gradients with respect to θ can be taken (Metz et al. 2017).
  /// Transforms have no part in it.
  package func unrolled(steps count: Int, rate: Float? = nil, descending loss: (Network) throws -> Tensor) rethrows -> Player {
    var player = self
    player.network.parameterTensors = network.parameterTensors.map { $0.isWatched ? $0 : $0.watched() }
    for _ in 0..<count {
      let parameters = player.network.parameterTensors
      let slopes = gradients(of: try loss(player.network), at: parameters, watched: true)
      player.moveRecorded(parameters, against: slopes, rate: rate ?? descent.optimiser.rate)
    }
    return player
  }

  private mutating func moveRecorded(_ parameters: [Tensor], against slopes: [Tensor], rate: Float) {
    steps.value += 1
    var moved: [Tensor] = []
    for (place, parameter) in parameters.enumerated() {
      let (next, own) = descent.optimiser.moved(
        parameter, against: slopes[place], moments.map { $0.tensors[place] }, step: steps.value, rate: rate)
      moved.append(next)
      for (slot, moment) in own.enumerated() { moments[slot].tensors[place] = moment }
    }
    network.parameterTensors = moved
  }
}

// MARK: - Parameters that are set anew

extension Player {
  /// Forgets what the optimiser remembers of some rows of all parameters under a path, which were set anew.
  package mutating func forget(rows: [Int], of path: String) {
    for slot in moments.indices {
      moments[slot].visit("") { leaf, tensor in
        guard leaf.path.hasPrefix(path + ".") else { return }
        let width = tensor.count / tensor.shape[0]
        tensor.update { values in for row in rows { (values + row * width).update(repeating: 0, count: width) } }
      }
    }
  }
}
