package import Formats
internal import Modelling
package import ModelFiles

/// What a job of a study found, as its folder keeps it.
package struct JobResult: Codable, Sendable, Equatable {
  package struct Metric: Codable, Sendable, Equatable {
    package let name: String
    /// nil where it is no finite number.
    package let value: Double?

    package init(name: String, value: Double?) { (self.name, self.value) = (name, value) }
  }

  package let id: String
  /// Of the job that was done.
  package let digest: Digest
  /// The model file: equal weights of one recipe have equal files.
  package let model: Digest
  /// What was learnt from.
  package let data: Digest?
  /// Whether the model was there already, and only measured here.
  package let isAdopted: Bool
  /// The runs that the store keeps: a training's, then an evaluation's each.
  package let runs: [RunID]
  package let metrics: [Metric]
  /// Of the process that ended the job, and what its threads took of processors; an earlier one that was interrupted is not in them.
  package let seconds: Double
  package let processorSeconds: Double
  package let build: BuildInformation

  package init(
    of job: StudyJob, model: Digest, data: Digest?, isAdopted: Bool, runs: [RunID], metrics: [Metric], seconds: Double, processorSeconds: Double,
    build: BuildInformation
  ) {
    (id, digest, self.model, self.data, self.isAdopted) = (job.id, job.digest, model, data, isAdopted)
    (self.runs, self.metrics, self.seconds, self.processorSeconds, self.build) = (runs, metrics, seconds, processorSeconds, build)
  }

  private enum CodingKeys: String, CodingKey {
    case id, digest, model, data, runs, metrics, seconds, build
    case isAdopted = "adopted"
    case processorSeconds = "processor_seconds"
  }

  package var text: String { JSONValue(encoding: self).indented() + "\n" }
}
