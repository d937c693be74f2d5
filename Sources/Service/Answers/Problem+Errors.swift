internal import Coding
internal import Formats
internal import Glibc
package import HTTP
internal import ModelFiles
internal import Modelling
internal import Registry

// The one place where errors of the layers below become answers.
extension Problem {
  /// The problem that an error stands for; nil for an error that no client can cause, which is logged and told without its inside.
  package init?(_ error: any Error) {
    switch error {
    case let problem as Problem: self = problem
    case let error as CodingError where error.reason != .unreadable: self.init(error)
    case let error as Fault: self.init(.impossible, "\(error).", field: error.field, given: error.given, expected: error.expected)
    case let error as JSONError: self.init(error)
    case let error as CSVError: self.init(error)
    case let error as RunQueryError:
      self.init(.malformed, "\(error).", field: error.parameter, given: error.given, expected: error.expected)
    case let error as FormatError: self.init(error)
    case let error as ModelFileError where error.reason != .unreadable: self.init(error)
    case let error as StoreError:
      guard let problem = Problem(stored: error) else { return nil }
      self = problem
    case let error as any Refusable: self.init(error.refusal)
    case let refusal as Refusal: self.init(refusal)
    case is LaneOverload:
      self.init(.overloaded, "More requests are waiting than the queue holds; come again in a second.", headers: ["Retry-After": "1"])
    case let error as ItemFile.Failure where error.code == ENOSPC || error.code == EDQUOT:
      self.init(.storageFull, "There is no room on disk for the items of this request: \(error).", headers: ["Retry-After": "10"])
    case let error as MemoryOverload: self.init(error)
    case is DeadlineExceeded:
      self.init(
        .late, "The time that Posterior-Timeout gave was over before the answer was computed.", field: "Posterior-Timeout",
        headers: ["Retry-After": "1"])
    case is CancellationError: self.init(.unavailable, "The request was cancelled before it was computed.", headers: ["Retry-After": "1"])
    default: return nil
    }
  }

  package static let unexpected = Problem(.internalError, "Something went wrong inside the server; its log says what.")

  package init(_ refusal: Refusal) {
    let kind: Kind =
      switch refusal.status {
      case .badRequest: .malformed
      case .notFound: .notFound
      case .contentTooLarge: .tooLarge
      case .unsupportedMediaType: .unsupportedMedia
      case .serviceUnavailable: .unavailable
      default: Kind("http-\(refusal.status.code)", refusal.status, refusal.status.reason)
      }
    self.init(kind, refusal.detail, headers: refusal.headers)
  }

  private init(_ error: MemoryOverload) {
    let (capacity, resource) = (error.capacity, error.resource)
    switch error.whose {
    case .all:
      self.init(
        .overloaded, "Requests hold the \(capacity) bytes of \(resource) that they may have together; come again in a second.",
        headers: ["Retry-After": "1"])
    case .client:
      self.init(
        Kind("too-much-held", .tooManyRequests, "Too much is held for one client"),
        "Requests from this address hold the \(capacity) bytes of \(resource) that one client may have; come again in a second.",
        headers: ["Retry-After": "1"])
    case .request(let bytes):
      self.init(
        .tooLarge,
        "This request needs \(bytes) bytes of \(resource) or more, and all requests together may hold \(capacity): send fewer items, ask for less of "
          + "each, or for an answer in CSV, NPY or raw floats, which takes less.", given: "\(bytes) bytes", expected: "at most \(capacity) bytes")
    }
  }

  private init(_ error: CodingError) {
    let (kind, detail): (Kind, String) =
      switch error.reason {
      case .exhausted, .malformed, .damaged, .unreadable: (.malformed, "The stream is damaged, or no stream: \(error).")
      case .unsupported: (.unsupportedMedia, "The stream has the \(error.field) \(error.given), and this build reads \(error.expected).")
      case .otherModel: (.impossible, "The stream was written by the model \(error.expected), and this one is \(error.given).")
      case .otherItems: (.impossible, "The stream can't be read here: \(error).")
      case .tooLarge: (.tooLarge, "The stream is beyond what this build reads: \(error).")
      case .parameter, .symbol, .lanes: (.impossible, "These items can't be coded by this model: \(error).")
      }
    self.init(kind, detail, field: error.field, given: error.given, expected: error.expected)
  }

  private init(_ error: JSONError) {
    let kind: Kind =
      switch error.reason {
      case .malformed: .malformed
      case .tooLarge: .tooLarge
      case .mismatch, .unknownField: .impossible
      }
    self.init(kind, "\(error.detail).", field: error.field, given: error.given, expected: error.expected)
  }

  private init(_ error: CSVError) {
    let kind: Kind =
      switch error.reason {
      case .malformed: .malformed
      case .tooLarge: .tooLarge
      case .mismatch: .impossible
      }
    self.init(kind, "CSV \(error.detail).", field: error.field, given: error.given, expected: error.expected)
  }

  private init(_ error: FormatError) {
    let kind: Kind =
      switch error.reason {
      case .malformed: .malformed
      case .unsupported: .unsupportedMedia
      case .tooLarge: .tooLarge
      }
    self.init(kind, "\(error.detail).", given: error.given, expected: error.expected)
  }

  private init(_ error: ModelFileError) {
    self.init(
      .unusableModel, "The file is no usable model: \(error.detail).", field: error.field, given: error.given, expected: error.expected)
  }

  /// The registry's sentences begin small, to stand after a command's name.
  private static func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + (text.hasSuffix("?") ? "" : ".") }

  private init?(stored error: StoreError) {
    var fault: (field: String, given: String, expected: String)?
    let kind: Kind
    var headers: HeaderFields = [:]
    switch error {
    case .invalidKeyRequest(let field, let given, let expected), .invalidAnnotation(let field, let given, let expected),
      .invalidDocument(let field, let given, let expected), .invalidDataset(let field, let given, let expected):
      kind = .impossible
      fault = (field, given, expected)
    case .invalidModelName, .invalidAlias, .invalidReference, .invalidPageToken, .foreignPageToken, .invalidLimit, .invalidSeed: kind = .malformed
    case .digestMismatch: kind = .digestMismatch
    case .unknownModel, .unknownVersion, .unknownAlias, .unknownRun, .unknownDocument, .unknownKey, .unknownDataset: kind = .notFound
    case .aliasElsewhere, .datasetTaken, .keyNameTaken, .nameTaken, .versionInUse, .runNotRunning, .parameterWritten, .documentWritten, .refused:
      kind = .conflict
    case .tooLarge: kind = .tooLarge
    case .diskFull: kind = .storageFull
    case .readOnly: kind = .unavailable
    case .busy:
      kind = .unavailable
      headers = ["Retry-After": "1"]
    case .servedReadOnly: kind = .readOnly
    case .inUse:
      kind = .unavailable
      headers = ["Retry-After": "10"]
    case .olderStore, .notEmpty, .notABackup, .unfinishedRestore, .missingBlob: return nil
    case .invalidKey, .newerStore, .corrupt, .corruptBlob, .unusable: return nil
    }
    self.init(kind, Self.sentence("\(error)"), field: fault?.field, given: fault?.given, expected: fault?.expected, headers: headers)
  }
}
