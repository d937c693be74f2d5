package import Formats

/// What makes an answer repeatable: the weights and the seed.
package struct Receipt: Sendable, Equatable {
  package let registered: LoadedModel.Registration?
  package let digest: Digest
  package let seed: Int

  package init(model: LoadedModel, seed: Int) {
    registered = model.registered
    digest = model.digest
    self.seed = seed
  }

  /// The first members of a JSON answer.
  var members: [JSONValue.Member] {
    [
      .init(name: "model", value: .string(orNull: registered?.name)), .init(name: "version", value: .integer(orNull: registered?.version)),
      .init(name: "digest", value: .string(digest.description)), .init(name: "seed", value: .integer(seed)),
    ]
  }
}
