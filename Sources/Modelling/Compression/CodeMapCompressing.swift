package import Coding
package import Tensors

/// Codes items with bits back through several layers of discrete codes.
package protocol CodeMapCompressing: Compressing {
  associatedtype Hierarchy: CategoricalHierarchy where Hierarchy.Likelihood.Symbol == [Int]

  /// An item as the hierarchy takes it is the numbers of its levels, in the order of model units.
  var hierarchy: Hierarchy { get }

  /// The evidence lower bound of one draw: [n, width] in model units -> [n], in nats.
  func bounds(_ x: Tensor, keys: RowKeys) -> Tensor
}

extension CodeMapCompressing {
  package func coder(of items: Levels) throws(CodingError) -> any ItemCoder { CodeMapCoder(model: self, levels: items) }
}

/// Bits of the slots in which choices are told apart.
package enum CodeMapPrecision {
  package static let prior = 24

  /// Twelve more than number the choices. What is popped of a distribution takes from a message what its head holds beyond these bits, and
  /// a head that holds little more than a slot makes choices that are not those of the distribution.
  package static func posterior(choices: Int) -> Int { 12 + Int.bitWidth - (choices - 1).leadingZeroBitCount }
}

/// Items by way of several layers of discrete codes.
private struct CodeMapCoder<Model: CodeMapCompressing>: ItemCoder {
  let model: Model
  let levels: Levels

  /// Should the message hold nothing else: words that aren't needed are not in the stream.
  var startingWords: Int { Self.otherWords + min(model.hierarchy.codes, Self.mostCodes) * CodeMapPrecision.prior / 32 }

  private static var otherWords: Int { 1024 }
  private static var mostCodes: Int { (BitsLimits.standard.startingWords - otherWords) / CodeMapPrecision.prior * 32 }

  func push(_ items: [[Int]], onto message: inout Message) throws(CodingError) {
    let codec = CategoricalBitsBack(model.hierarchy)
    for item in items.reversed() { try codec.push(item, onto: &message) }
  }

  func pop(_ count: Int, from message: inout Message) throws(CodingError) -> [[Int]] {
    let codec = CategoricalBitsBack(model.hierarchy)
    var items: [[Int]] = []
    for _ in 0..<count { items.append(try codec.pop(from: &message)) }
    return items
  }

  func bounds(_ items: [[Int]], keys: RowKeys) -> [Double] { model.bounds(levels.units(items), keys: keys).scalars.map(Double.init) }
}
