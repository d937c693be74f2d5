internal import Foundation
internal import Tensors

/// How sure a modular network is of the modules that it chooses, and how evenly it uses them; means over layers and slots, in nats.
struct SelectionEntropy {
  /// The mean entropy of p(m|x) of an item: 0 where every choice is certain.
  let ofItems: Double
  /// The entropy of the items' mean p(m|x): 0 where all items go through the same module, ln modules where all modules are used alike.
  let ofMean: Double

  init(of passage: Modular.Passage) {
    var (ofItems, ofMean) = (0.0, 0.0)
    var choices = 0
    for (prospect, choice) in passage.layers {
      let (n, modules) = (prospect.count, prospect.moduleCount)
      let p = (choice.gates ?? prospect.logits.softmax()).scalars.map(Double.init)
      let slots = p.count / (n * modules)
      for slot in 0..<slots {
        let rows = (0..<n).map { item in p[(item * slots + slot) * modules..<(item * slots + slot + 1) * modules] }
        ofItems += rows.reduce(0) { $0 + Self.entropy($1) } / Double(n)
        ofMean += Self.entropy((0..<modules).map { module in rows.reduce(0) { $0 + $1[$1.startIndex + module] } / Double(n) })
      }
      choices += slots
    }
    (self.ofItems, self.ofMean) = (ofItems / Double(choices), ofMean / Double(choices))
  }

  /// -Σ p ln p
  private static func entropy(_ p: some Sequence<Double>) -> Double { p.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 } }
}
