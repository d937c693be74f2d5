/// Why the HTTP layer itself turns a request away: the status and a sentence that helps.
package struct Refusal: Error, Sendable, Equatable {
  package var status: Status
  package var detail: String
  package var headers: HeaderFields

  package init(_ status: Status, _ detail: String, headers: HeaderFields = [:]) {
    self.status = status
    self.detail = detail
    self.headers = headers
  }

  /// What an error tells the client; an error that is not `Refusable` is the server's fault, and its words stay inside.
  package init(_ error: any Error) {
    if let error = error as? any Refusable {
      self = error.refusal
    } else {
      self.init(.internalServerError, "The server could not answer this request.")
    }
  }

  /// The plainest answer; a service injects its own, such as problem+json.
  package static let plainText: RefusalResponse = { refusal in
    var response = Response.text(refusal.detail + "\n", status: refusal.status)
    for (name, value) in refusal.headers { response.headers.append(name, value) }
    return response
  }
}

/// Turns a refusal into the answer that the client sees.
package typealias RefusalResponse = @Sendable (Refusal) -> Response

/// An error that knows how it is told to the client.
package protocol Refusable: Error {
  var refusal: Refusal { get }
}
