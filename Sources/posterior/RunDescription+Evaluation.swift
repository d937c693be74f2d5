import Formats
import ModelFiles
import Registry
import Service

extension RunDescription {
  /// What an evaluation was started with: beside its own parameters those that the model was trained with, where the store knows the training, so
  /// that evaluations can be found by them.
  ///
  /// - Parameter version: of the store, where it holds the file; else the name is that of the training.
  static func evaluation(
    of modelFile: String, _ version: ModelVersion?, family: String, parameters: [String: String], seed: UInt64, data: Digest, in store: ModelStore?
  ) throws -> RunDescription {
    let digest = try SHA256.digest(ofFile: modelFile)
    let training = try store?.training(of: digest)
    return RunDescription(
      kind: .evaluate, family: family, model: version?.name ?? training?.description.model, version: version?.version, modelDigest: digest,
      configuration: "{}",
      parameters: parameters.merging(EvaluationParameters.of(training: training)) { own, _ in own }, seed: seed, dataDigest: data, build: .current)
  }
}
