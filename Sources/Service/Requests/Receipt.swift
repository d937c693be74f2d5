package import Formats

/// What makes an answer repeatable: the weights, the seed and the items' numbers.
package struct Receipt: Sendable, Equatable {
  package let registered: LoadedModel.Registration?
  package let digest: Digest
  package let seed: Int
  /// The number of the first item; 0 unless the items are a part of a whole.
  package let firstItem: Int
  /// What is doubtful about the items that it is about, a sentence each.
  package private(set) var warnings: [String] = []

  /// A seed where the client named none; below 2^53, so that every JSON keeps it.
  package static var drawnSeed: Int { Int.random(in: 0..<1 << 53) }

  package init(model: LoadedModel, seed: Int, firstItem: Int) {
    registered = model.registered
    digest = model.digest
    self.seed = seed
    self.firstItem = firstItem
  }

  /// The same beside what is doubtful about the items.
  func warning(of warnings: [String]) -> Receipt {
    var receipt = self
    receipt.warnings = warnings
    return receipt
  }

  /// The first members of a JSON answer; `first_item` is one of them where it isn't 0, `warnings` where there are any.
  var members: [JSONValue.Member] {
    [
      .init(name: "model", value: .string(orNull: registered?.name)), .init(name: "version", value: .integer(orNull: registered?.version)),
      .init(name: "digest", value: .string(digest.description)), .init(name: "seed", value: .integer(seed)),
    ] + (firstItem > 0 ? [.init(name: firstItemName, value: .integer(firstItem))] : [])
      + (warnings.isEmpty ? [] : [.init(name: "warnings", value: .strings(warnings))])
  }
}
