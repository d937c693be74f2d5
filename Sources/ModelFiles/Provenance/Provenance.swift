package import Formats

/// Where a model came from: what is needed to train it again, and free notes. Every field may be absent.
package struct Provenance: Sendable, Equatable, Codable {
  /// The training run's id.
  package var run: String?
  /// The digest of the training data.
  package var data: Digest?
  /// From 0 on.
  package var seed: Int?
  /// The program and build that trained it, such as "posterior 1.0 (4f2a9c1)".
  package var trainedWith: String?
  /// RFC 3339, UTC; kept as it is.
  package var created: String?
  /// Anything else, as texts.
  package var notes: [String: String]?

  package init(
    run: String? = nil, data: Digest? = nil, seed: Int? = nil, trainedWith: String? = nil, created: String? = nil, notes: [String: String]? = nil
  ) {
    self.run = run
    self.data = data
    self.seed = seed
    self.trainedWith = trainedWith
    self.created = created
    self.notes = notes
  }

  /// Whether training here wrote the file.
  var isOfTraining: Bool { trainedWith?.hasPrefix("posterior") == true }

  private enum CodingKeys: String, CodingKey {
    case run, data, seed, created, notes
    case trainedWith = "trained_with"
  }
}
