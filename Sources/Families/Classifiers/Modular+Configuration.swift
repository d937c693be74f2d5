package import Modelling
package import Tensors

extension Modular {
  /// The layers and their modules.
  package struct Configuration: Settings {
    package enum Selection: String, CaseIterable, SettingValue {
      /// Every slot chooses a module on its own.
      case slots
      /// The likeliest modules, weighed by a softmax over their logits (Shazeer et al. 2017).
      case topK = "top_k"
    }

    /// Of every layer, the one nearest the data first.
    package var modules: [Int]
    /// Outputs of a module in every layer but the last, whose modules have one a class.
    package var units: [Int]
    /// Modules that every layer chooses for an item.
    package var slots: Int
    package var selection: Selection
    package var activation: Activation

    package init() { self.init(slots: 1) }

    package init(modules: [Int] = [10, 8], units: [Int] = [32], slots: Int = 1, selection: Selection = .slots, activation: Activation = .relu) {
      (self.modules, self.units, self.slots) = (modules, units, slots)
      (self.selection, self.activation) = (selection, activation)
    }

    package static let table = Table<Self> {
      Setting("modules", \.modules, in: 1...4096, lengths: 1...16, of: "layers", "Modules of every layer, the one nearest the data first.")
      Setting(
        "units", \.units, in: 1...65_536, lengths: 0...15, of: "layers",
        "Outputs of a module in every layer but the last, whose modules have one a class.")
      Setting(
        "slots", \.slots, in: 1...64,
        "Modules that every layer chooses for an item; its output is their sum, in which a module chosen twice counts once.")
      Setting(
        "selection", \.selection,
        "Every slot chooses a module on its own, or the top k modules of one choice are summed with gates as weights (Shazeer et al. 2017).")
      Setting("activation", \.activation, "Behind the modules of every layer but the last.")
    }

    package func check() throws(Fault) {
      guard units.count == modules.count - 1 else {
        throw Fault(field: "units", given: "\(units.count) layers", expected: "\(modules.count - 1), one fewer than modules")
      }
      if selection == .topK, let fewest = modules.min(), slots > fewest {
        throw Fault(field: "slots", given: "\(slots)", expected: "1 to \(fewest), the modules of the smallest layer")
      }
    }
  }
}
