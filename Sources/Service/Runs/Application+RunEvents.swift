internal import Formats
internal import HTTP
internal import ModelFiles
internal import Registry

extension Application {
  /// GET /v1/runs/{id}/events: the metrics of a run as they come, then its end (text/event-stream).
  ///
  /// A metric's event has its sequence number as identifier, and the end the number after the last one, so a client that connects again goes on where
  /// it was (`Last-Event-ID`); one that has the end is answered 204, by which browsers know not to come again (HTML Living Standard §9.2.3).
  func runEvents(_ request: Request) async throws -> Response {
    try request.checkQuery("after")
    let (after, resumed) = (try request.integer("after") ?? 0, try request.lastEventID)
    guard after >= 0 else {
      throw Problem(
        .malformed, "after is \(after), expected a sequence number from 0.", field: "after", given: "\(after)", expected: "a sequence number from 0")
    }
    // What can be refused is, before an answer has begun.
    let (run, first) = try await storeLanes.run { [self] in
      let run = try recordedRun(request.parameter("id"))
      return (run.id, try RunEvents(of: run.id, after: resumed ?? after, in: store))
    }
    if let resumed, let end = first.end, resumed >= end.number { return Response(.noContent) }
    return .events { [store, storeLanes, readiness] writer in
      var (events, quiet) = (first, 0)
      while true {
        for event in events.metrics { try await writer.send(event) }
        if let end = events.end, events.isLast { return try await writer.send(end.event) }
        if events.isLast {
          guard readiness.state != .draining else { return }
          if events.metrics.isEmpty { quiet += 1 } else { quiet = 0 }
          if quiet % 60 == 59 { try await writer.sendHeartbeat() }
          // Another process may write the run, so there is nothing to wait for but the table.
          try await Task.sleep(for: .milliseconds(250))
        }
        events = try await storeLanes.run(isUnderWay: true) { [last = events.last] in try RunEvents(of: run, after: last, in: store) }
      }
    }
  }
}

/// What has happened in a run since a place in the sequence of its metrics.
private struct RunEvents: Sendable {
  let metrics: [ServerSentEvent]
  /// The place to go on from.
  let last: Int
  /// Whether no other metrics were there.
  let isLast: Bool
  /// The end of a run that has ended, and the number of that event.
  let end: (event: ServerSentEvent, number: Int)?

  private static let most = 1000

  init(of id: RunID, after sequence: Int, in store: ModelStore) throws {
    // The run before its metrics: what was recorded before its end is then among them.
    let run = try store.run(id.description)
    let found = try store.metrics(of: id, after: sequence, limit: Self.most)
    metrics = found.map { ServerSentEvent(data: Self.text(RunJSON.metric($0)), name: "metric", id: "\($0.sequence)") }
    (last, isLast) = (found.last?.sequence ?? sequence, found.count < Self.most)
    guard run.status != .running else {
      end = nil
      return
    }
    let number = (try store.latestMetrics(of: id).map(\.sequence).max() ?? 0) + 1
    end = (ServerSentEvent(data: Self.text(try RunJSON.run(run)), name: "end", id: "\(number)"), number)
  }

  private static func text(_ value: JSONValue) -> String { String(decoding: value.text, as: UTF8.self) }
}

extension Request {
  /// The number of the last event that a client has, which it sends when it connects again; it says more than the address that it first came with.
  fileprivate var lastEventID: Int? {
    get throws {
      guard let text = headers["Last-Event-ID"], !text.isEmpty else { return nil }
      guard let number = Int(text), number >= 0 else {
        let expected = "the id of an event of this run"
        throw Problem(
          .malformed, "Last-Event-ID is \"\(text.prefix(40))\", expected \(expected).", field: "Last-Event-ID", given: text, expected: expected)
      }
      return number
    }
  }
}
