package import Distributions
internal import Modelling
package import Networks
package import Tensors

/// A layer whose work is shared out among modules, and the controller that chooses some of them for every item.
package struct ModularLayer: Module {
  /// All modules, one below the other, so that one product computes them: [modules · units, inputs].
  package var modules: Linear
  /// The logits of the choice, slot after slot: [slots · modules, inputs]; of one slot where the choice has gates.
  package var controller: Linear
  /// Of noisy gates: the deviation of the logits' noise, before a softplus.
  package var noise: Linear?
  private let moduleCount: Int
  private let units: Int

  package static let fields: [Field<Self>] = [.child("modules", \.modules), .child("controller", \.controller), .child("noise", \.noise)]

  init(_ inputs: Int, modules count: Int, units: Int, slots: Int, isGated: Bool, _ source: ParameterSource) {
    modules = Linear(inputs, count * units, source["modules"])
    controller = Linear(inputs, (isGated ? 1 : slots) * count, source["controller"])
    noise = isGated ? Linear(inputs, count, source["noise"]) : nil
    (moduleCount, self.units) = (count, units)
  }

  // MARK: What a layer makes of items before modules are chosen for them

  package struct Prospect {
    /// What every module makes of an item, before its activation: [items, modules · units].
    package let outputs: Tensor
    /// Of every slot's choice: [items, slots, modules].
    package let logits: Tensor
    /// Of noisy gates, the deviation of the logits' noise: [items, modules].
    package let deviation: Tensor?

    package var count: Int { logits.shape[0] }
    package var moduleCount: Int { logits.shape[2] }

    /// p(a|x) of this layer, one choice a slot.
    package var selection: Categorical { Categorical(logits: logits) }

    /// The likeliest module of every slot, item after item.
    package var likeliest: [Int] { logits.reshaped([count * logits.shape[1], moduleCount]).argmaxRows() }

    /// Some of the items, perhaps several times.
    package func gather(_ items: [Int]) -> Prospect {
      Prospect(outputs: outputs.gather(items), logits: logits.gather(items), deviation: deviation?.gather(items))
    }

    package var detached: Prospect { Prospect(outputs: outputs.detached, logits: logits.detached, deviation: deviation?.detached) }
  }

  package func prospect(_ x: Tensor) -> Prospect {
    let logits = controller(x, .evaluation)
    return Prospect(
      outputs: modules(x, .evaluation), logits: logits.reshaped([x.shape[0], logits.shape[1] / moduleCount, moduleCount]),
      deviation: noise.map { $0(x, .evaluation).softplus() })
  }

  // MARK: The choice

  /// The same number of modules for every item, item after item.
  package struct Choice {
    package let modules: [Int]
    /// What a module's output is multiplied by: [items, modules], zeros where it was not chosen; nil where those that were chosen are summed.
    package let gates: Tensor?

    package init(modules: [Int], gates: Tensor? = nil) { (self.modules, self.gates) = (modules, gates) }
  }

  /// Σ_m g_m f_m(x) over the chosen modules: [items, units]. Without gates a module that was chosen twice counts once.
  package func output(of prospect: Prospect, _ choice: Choice, _ activation: Activation) -> Tensor {
    let (n, places) = (prospect.count, choice.modules.count / prospect.count)
    let flat = prospect.outputs.reshaped([n * moduleCount, units])
    var (rows, weights) = (choice.modules, [Float](repeating: 1, count: choice.modules.count))
    for item in 0..<n {
      let own = item * places..<(item + 1) * places
      // In ascending order, so that the sum is of a set: slots may have chosen in any order.
      let used = choice.gates == nil ? Array(Set(choice.modules[own])).sorted() : Array(choice.modules[own])
      for (place, index) in own.enumerated() {
        rows[index] = item * moduleCount + used[place < used.count ? place : 0]
        if place >= used.count { weights[index] = 0 }
      }
    }
    let gates =
      choice.gates.map { $0.reshaped([n * moduleCount]).gather(rows).reshaped([n, places]) } ?? Tensor(shape: [n, places], scalars: weights)
    let parts = (0..<places).map { place -> Tensor in
      let part = activation(flat.gather((0..<n).map { rows[$0 * places + place] }))
      return choice.gates == nil && place == 0 ? part : part * gates.slice(1, place..<place + 1)
    }
    return parts.dropFirst().reduce(parts[0], +)
  }
}

extension ModularLayer.Prospect {
  /// The k modules of the largest logits, the gates a softmax over them alone: softmax(KeepTopK(H, k)), Shazeer et al. 2017, equations 3 and 5.
  ///
  /// - Parameter logits: H, which noise may have been added to: [items, 1, modules].
  package func topK(_ k: Int, of logits: Tensor) -> ModularLayer.Choice {
    let modules = logits.withScalars { h in
      (0..<count).flatMap { item -> ArraySlice<Int> in
        let own = h + item * moduleCount
        return (0..<moduleCount).sorted { own[$0] == own[$1] ? $0 < $1 : own[$0] > own[$1] }.prefix(k)
      }
    }
    // So far below the others that e to its power is 0.
    let mask = Tensor(shape: [count, moduleCount]) { y in
      y.update(repeating: -1e9, count: count * moduleCount)
      for (place, module) in modules.enumerated() { y[place / k * moduleCount + module] = 0 }
    }
    return ModularLayer.Choice(modules: modules, gates: (logits.reshaped([count, moduleCount]) + mask).softmax())
  }

  /// Of every item the modules that were chosen, slot after slot, each with the probability that its slot gives it, or with its gate.
  func selections(_ choice: ModularLayer.Choice) -> [ModuleSelection] {
    let probabilities = choice.gates ?? logits.softmax()
    let (places, width) = (choice.modules.count / count, probabilities.count / count)
    return probabilities.withScalars { p in
      (0..<count).map { item in
        let modules = choice.modules[item * places..<(item + 1) * places]
        return ModuleSelection(
          modules: Array(modules),
          probabilities: modules.enumerated().map { slot, module in p[item * width + (choice.gates == nil ? slot * moduleCount : 0) + module] })
      }
    }
  }
}
