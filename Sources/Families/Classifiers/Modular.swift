internal import Distributions
package import Modelling
package import Networks
package import Tensors

/// A modular network (Kirsch, Kunze and Barber 2018): a classifier whose layers choose for every item which of their modules it goes through.
///
/// p(y|x) = Σ_a p(a|x) p(y|x, a), where the composition a names the modules of every layer. A layer's controller sees what the modules chosen below
/// made of the item. Answers take the likeliest module of every slot, layer by layer.
package struct Modular: ModelFamily {
  package static let name = "modular"
  package static let summary = "Modular network: a classifier whose layers choose some of their modules for every item, trained by hard EM."
  package static let purpose = FamilyPurpose(.classes, choose: "when every item has a label, and it matters which parts of a network decide")

  package struct Network: Module {
    /// The one nearest the data first.
    package var layers: [ModularLayer]

    package static let fields: [Field<Self>] = [.child("layers", \.layers)]
  }

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    try configuration.validate()
    try signature.checkRealNumbers()
    guard let classes = signature.classes, classes.count > 1 else {
      throw Fault(
        field: "signature.classes", given: signature.classes.map { "\($0.count) classes" } ?? "nothing",
        expected: "two classes or more, whose names are learnt from labels")
    }
    (self.configuration, self.signature) = (configuration, signature)
    let (units, isGated) = (configuration.units, configuration.selection == .topK)
    let widths = zip([signature.width] + units, units + [classes.count])
    network = Network(
      layers: zip(widths, configuration.modules).enumerated().map { index, layer in
        ModularLayer(
          layer.0.0, modules: layer.1, units: layer.0.1, slots: configuration.slots, isGated: isGated, source["layer"][index])
      })
  }
}

// MARK: An item's way through the layers

extension Modular {
  /// What the network makes of items on the way that was chosen for each.
  package struct Passage {
    /// Unnormalised ln p(y|x, a): [items, classes].
    package let logits: Tensor
    /// What every layer was shown, and what was chosen there.
    package let layers: [(prospect: ModularLayer.Prospect, choice: ModularLayer.Choice)]

    /// ln p(a|x) of the composition, a sum over layers and slots: [items].
    package var logSelection: Tensor {
      let parts = layers.map { $0.prospect.selection.logProbability(ofIndices: $0.choice.modules) }
      return parts.dropFirst().reduce(parts[0], +)
    }
  }

  /// - Parameter first: what the first layer is shown, so that several passages of the same items need it once.
  package func passage(
    _ network: Network, from first: ModularLayer.Prospect, choosing choose: (_ layer: Int, ModularLayer.Prospect) -> ModularLayer.Choice
  ) -> Passage {
    var (prospect, layers) = (first, [(prospect: ModularLayer.Prospect, choice: ModularLayer.Choice)]())
    for (index, layer) in network.layers.dropLast().enumerated() {
      layers.append((prospect, choose(index, prospect)))
      prospect = network.layers[index + 1].prospect(layer.output(of: prospect, layers[index].choice, configuration.activation))
    }
    let last = network.layers.count - 1
    layers.append((prospect, choose(last, prospect)))
    return Passage(logits: network.layers[last].output(of: prospect, layers[last].choice, .identity), layers: layers)
  }

  /// On the likeliest way: no draws, no noise.
  package func likeliestPassage(_ network: Network, from first: ModularLayer.Prospect) -> Passage {
    passage(network, from: first) { _, prospect in
      switch configuration.selection {
      case .slots: ModularLayer.Choice(modules: prospect.likeliest)
      case .topK: prospect.topK(configuration.slots, of: prospect.logits)
      }
    }
  }
}

// MARK: What it can do

extension Modular: ModuleSelecting {
  package var componentCount: Int { signature.classes?.count ?? 0 }

  package func logits(_ x: Tensor) -> Tensor { likeliestPassage(network, from: network.layers[0].prospect(x)).logits }

  package func classify(_ x: Tensor) -> (logits: Tensor, modules: [[ModuleSelection]]) {
    let passage = likeliestPassage(network, from: network.layers[0].prospect(x))
    let selections = passage.layers.map { $0.prospect.selections($0.choice) }
    return (passage.logits, (0..<x.shape[0]).map { item in selections.map { $0[item] } })
  }
}
