package import Formats
package import Robustness
internal import Tensors

/// The report of an audit with the receipt that makes it repeatable.
package struct AuditAnswer: Sendable {
  package let receipt: Receipt
  package let report: AuditReport
  private let picture: AuditRequest.Picture

  init(_ request: AuditRequest, _ report: AuditReport) {
    receipt = request.receipt
    picture = request.picture
    self.report = report
  }

  /// The same bytes for the same model, items, plan and seed, over HTTP and on the command line.
  package func bytes(as type: MediaType) throws -> [UInt8] {
    switch type {
    case .csv: report.csv
    case .png: try picture == .grid ? report.grid() : report.curves()
    default: document.text
    }
  }

  /// What a replay has to make again.
  package var document: JSONValue { document(isAsBefore: false) }

  /// The document that builds before 0.3 made of the same audit.
  var documentBefore: JSONValue { document(isAsBefore: true) }

  private func document(isAsBefore: Bool) -> JSONValue {
    .object(receipt.members + report.members(digest: receipt.digest.description, isAsBefore: isAsBefore))
  }

  /// What a run keeps of it.
  package func documents() throws -> [(name: String, type: MediaType, bytes: [UInt8])] {
    [
      (Self.report, .json, document.text), ("report.csv", .csv, report.csv), ("curves.png", .png, try report.curves()),
    ] + (report.hasPictures ? [("grid.png", .png, try report.grid())] : [])
  }

  package static let report = "report.json"
}

extension AuditRequest {
  /// Attacks, measures and checks on this thread.
  ///
  /// - Parameters:
  ///   - batch: points evaluated together; nil for as many as take a few milliseconds. The answer doesn't depend on it.
  ///   - pause: called between evaluations with the number of points; what it throws ends the audit.
  package func perform(batch: Int? = nil, pause: @escaping AttackTask.Pause = { _ in }) throws -> AuditAnswer {
    AuditAnswer(self, try audit(batch: batch ?? audit.batch(seconds: 0.003), pause: pause))
  }
}
