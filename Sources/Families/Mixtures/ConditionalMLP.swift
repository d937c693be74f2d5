package import Networks
package import Tensors

/// Linear layers of a width each, the first of several inputs added up, the last input possibly a class.
///
/// The first layer of [x, one-hot y] is the sum of a layer of x and a row of a table: x's part is computed once for all classes.
package struct ConditionalMLP: Module {
  package var inputs: [Linear]
  /// One row a class: [classes, width].
  package var classes: Tensor?
  /// Of the first layer.
  package var normalisation: BatchNorm?
  package var hidden: Sequential
  private let activation: Activation

  package static let fields: [Field<Self>] = [
    .child("inputs", \.inputs), .parameter("classes", \.classes), .child("normalisation", \.normalisation), .child("hidden", \.hidden),
  ]

  init(_ widths: [Int], classes count: Int, hidden: [Int], activation: Activation, batchNorm: Bool = false, _ source: ParameterSource) {
    let first = hidden[0]
    // The fans are those of the whole layer, of which its parts are stored.
    let whole: Shape = [first, widths.reduce(count, +)]
    self.activation = activation
    inputs = widths.enumerated().map { index, width in
      Linear(
        weight: source["input"][index].tensor([first, width], .xavierNormal, fans: whole),
        bias: index == 0 ? source.tensor([first], .constant(0)) : nil)
    }
    classes = count > 0 ? source["classes"].tensor([count, first], .xavierNormal, fans: whole) : nil
    normalisation = batchNorm ? BatchNorm(first, source["normalisation"]) : nil
    self.hidden = Sequential(
      zip(hidden, hidden.dropFirst()).enumerated().flatMap { index, widths in
        let source = source["hidden"][index]
        let linear = Block(Linear(widths.0, widths.1, initializer: .xavierNormal, source))
        return batchNorm ? [linear, Block(BatchNorm(widths.1, source["normalisation"])), Block(activation)] : [linear, Block(activation)]
      })
  }

  /// - Parameters:
  ///   - items: inputs with a row an item, which come first among the inputs.
  ///   - own: inputs with a row of their own for every pair of item and class.
  ///   - pairs: which item and class a row is of; nil where there is a row an item and no class.
  func callAsFunction(_ items: [Tensor], own: [Tensor] = [], pairs: ClassPairs? = nil, _ mode: Mode) -> Tensor {
    if inputs.count == 1, classes == nil, normalisation == nil { return hidden(inputs[0]((items + own)[0], activation: activation), mode) }
    return self(part: items.isEmpty ? nil : part(of: items, mode), own: own, pairs: pairs, mode)
  }

  /// What inputs with a row an item give the first layer: the same for all that stands beside them.
  func part(of items: [Tensor], _ mode: Mode) -> Tensor {
    items.indices.dropFirst().reduce(inputs[0](items[0], mode)) { sum, index in sum + inputs[index](items[index], mode) }
  }

  /// - Parameter part: of the inputs but `own`, which come last; nil where there are no others.
  func callAsFunction(part: Tensor?, own: [Tensor], pairs: ClassPairs? = nil, _ mode: Mode) -> Tensor {
    precondition(classes == nil || pairs != nil, "a class for every row")
    var sum = part
    if let pairs { sum = sum?.gather(pairs.items) }
    for (index, x) in own.enumerated() {
      let part = inputs[inputs.count - own.count + index](x, mode)
      sum = sum.map { $0 + part } ?? part
    }
    guard var sum else { preconditionFailure("a network without inputs") }
    if let classes, let pairs { sum = sum + classes.gather(pairs.classes) }
    return hidden(activation(normalisation?(sum, mode) ?? sum), mode)
  }
}

/// The rows of a batch in which every unlabelled item stands once for each class, and every labelled one once, for its own.
struct ClassPairs: Sendable {
  /// Items without a label, the first of the batch.
  let unlabelled: Int
  let components: Int
  /// Of every row, item by item and within an item class by class.
  let items: [Int]
  let classes: [Int]

  init(unlabelled: Int, labels: [Int] = [], components: Int) {
    self.unlabelled = unlabelled
    self.components = components
    items = (0..<unlabelled).flatMap { [Int](repeating: $0, count: components) } + labels.indices.map { unlabelled + $0 }
    classes = (0..<unlabelled).flatMap { _ in 0..<components } + labels
  }

  /// - Parameter chosen: the components that each item without a label stands for, as many of each, item by item.
  init(unlabelled: Int, chosen: [Int], labels: [Int]) {
    (self.unlabelled, components) = (unlabelled, chosen.count / unlabelled)
    let count = components
    items = (0..<unlabelled).flatMap { [Int](repeating: $0, count: count) } + labels.indices.map { unlabelled + $0 }
    classes = chosen + labels
  }

  /// A class each.
  init(classes: [Int], components: Int) {
    (unlabelled, self.components) = (0, components)
    (items, self.classes) = (Array(classes.indices), classes)
  }

  var count: Int { items.count }
}
