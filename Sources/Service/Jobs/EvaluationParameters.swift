internal import ModelFiles
package import Registry

/// The parameters of an evaluation, and what it takes over from the training of its model.
package enum EvaluationParameters {
  /// What an evaluation writes down, or leaves out, of itself; a training's parameter of such a name would be taken for its own.
  private static let own: Set<String> = [
    "data", "data_digest", "data_format", "data_source", "dataset", "dataset_digest", "factors", "factors_digest", "folder", "items", "k", "labels",
    "labels_digest", "layer", "limit", "masks", "measure", "model_file", "probe", "reading", "samples", "split",
  ]

  /// Those of the training that made its model, so that evaluations are found by them.
  package static func of(training: Run?) -> [String: String] {
    (training?.description.parameters ?? [:]).filter { !own.contains($0.key) && !$0.key.hasPrefix("fit_") }
  }
}
