package import Formats

/// What a run does.
package enum RunKind: String, CaseIterable, Codable, Sendable {
  case train, evaluate, robustness, replay, inference, impute
}

/// What the arithmetic of a run was done with: when two runs differ, the reason is often here.
package struct BuildInformation: Codable, Hashable, Sendable {
  package let gitRevision: String
  package let compiler: String
  package let cpu: String
  package let blas: String

  package init(gitRevision: String, compiler: String, cpu: String, blas: String) {
    self.gitRevision = gitRevision
    self.compiler = compiler
    self.cpu = cpu
    self.blas = blas
  }

  private enum CodingKeys: String, CodingKey {
    case gitRevision = "git_revision"
    case compiler, cpu, blas
  }
}

/// Everything that is known when a run starts, enough to do it again.
package struct RunDescription: Codable, Hashable, Sendable {
  package let kind: RunKind
  package let family: String
  /// The registry's name of the model, or the name that a training run's recipe gives it; nil when the model is a file that no registry knows.
  package let model: String?
  package let version: Int?
  /// The model file that the run reads; nil for a run that starts from no model.
  package let modelDigest: Digest?
  /// JSON text.
  package let configuration: String
  package let parameters: [String: String]
  package let tags: [String: String]
  /// 0 ... 2^63 - 1.
  package let seed: UInt64
  package let dataDigest: Digest?
  package let build: BuildInformation

  package init(
    kind: RunKind, family: String, model: String? = nil, version: Int? = nil, modelDigest: Digest? = nil, configuration: String,
    parameters: [String: String] = [:], tags: [String: String] = [:], seed: UInt64, dataDigest: Digest? = nil, build: BuildInformation
  ) {
    self.kind = kind
    self.family = family
    self.model = model
    self.version = version
    self.modelDigest = modelDigest
    self.configuration = configuration
    self.parameters = parameters
    self.tags = tags
    self.seed = seed
    self.dataDigest = dataDigest
    self.build = build
  }

  private enum CodingKeys: String, CodingKey {
    case kind, family, model, version
    case modelDigest = "model_digest"
    case configuration, parameters, tags, seed
    case dataDigest = "data_digest"
    case build
  }
}
