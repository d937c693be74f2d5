package import Formats
package import ModelFiles

/// One request to a model as it is remembered: enough to compute it again, and to see that the answer is the same.
package struct InferenceRecord: Sendable {
  /// The body of the request.
  package struct Input: Hashable, Sendable {
    package let digest: Digest
    package let type: String?
    /// Only where the operator or the client asked to keep it.
    package let body: [UInt8]?

    package init(digest: Digest, type: String?, body: [UInt8]?) {
      self.digest = digest
      self.type = type
      self.body = body
    }
  }

  /// The body of the answer, before any compression.
  package struct Output: Hashable, Sendable {
    package let digest: Digest
    package let type: String

    package init(digest: Digest, type: String) {
      self.digest = digest
      self.type = type
    }
  }

  /// What is known once a request has been understood.
  package struct Options: Hashable, Sendable {
    /// A JSON object of every option but the seed, those left at their defaults as well.
    package let parameters: String
    package let seed: Int
    package let items: Int

    package init(parameters: String, seed: Int, items: Int) {
      self.parameters = parameters
      self.seed = seed
      self.items = items
    }
  }

  package let id: RunID
  package let model: String
  package let version: Int
  package let digest: Digest
  package let family: String
  package let build: BuildInformation
  package let operation: String
  package let status: Int
  package let microseconds: Int
  package let options: Options?
  package let input: Input?
  package let output: Output?
  /// What an answer of status 400 or more said.
  package let failure: String?
  /// The trace that it belonged to.
  package let trace: String?

  package init(
    id: RunID, model: String, version: Int, digest: Digest, family: String, build: BuildInformation, operation: String, status: Int,
    microseconds: Int, options: Options?, input: Input?, output: Output?, failure: String?,
    trace: String? = nil
  ) {
    self.id = id
    self.model = model
    self.version = version
    self.digest = digest
    self.family = family
    self.build = build
    self.operation = operation
    self.status = status
    self.microseconds = microseconds
    self.options = options
    self.input = input
    self.output = output
    self.failure = failure
    self.trace = trace
  }

  /// What it takes while it waits, roughly.
  var byteCount: Int { 512 + (options?.parameters.utf8.count ?? 0) + (failure?.utf8.count ?? 0) + (input?.body?.count ?? 0) }
}

/// What a recorded request has beside what every run has.
package struct InferenceFacts: Hashable, Sendable {
  package let operation: String
  package let httpStatus: Int
  package let microseconds: Int
  /// nil where the request was refused before they were known.
  package let options: InferenceRecord.Options?
  package let inputDigest: Digest?
  package let inputType: String?
  package let outputType: String?
  /// Whether the request's body can still be had.
  package let keepsInput: Bool
  /// The trace that it belonged to.
  package let trace: String?
}
