internal import Formats
internal import HTTP

extension Problem {
  /// The answer as clients of the Open Inference Protocol read it: `error` is what they show, and the statuses are Triton's.
  var inferenceResponse: Response {
    var told = self
    told.kind = Kind(kind.name, inferenceStatus, kind.title)
    var response = told.response
    response.headers["Content-Type"] = "application/json"
    return response
  }

  private var inferenceStatus: Status {
    switch kind {
    // NOT_FOUND, UNAVAILABLE and what is nobody's fault keep theirs; all that a client said wrong is INVALID_ARG.
    case .unsupportedOperation: Status(501)
    case .impossible, .malformed, .unsupportedMedia, .notAcceptable, .digestMismatch, .conflict: .badRequest
    default: kind.status
    }
  }
}
