import Formats
import Foundation
import Locking

/// Shows a run of a server while it goes on: its events, with a bar on a terminal and a line an epoch elsewhere.
struct RunFollower {
  let server: ServerConnection
  let run: String

  /// Reconnections after which a server that says nothing is given up.
  private static let patience = 20

  /// - Parameter shouldStop: asked again and again; the run goes on all the same.
  /// - Returns: the run as it ended; nil where it was not watched to its end.
  func follow(shouldStop: @escaping () -> Bool) async throws -> JSONValue? {
    let display = RunDisplay()
    defer { display.finish() }
    var (last, failures) = ("0", 0)
    while !shouldStop() {
      var parser = EventParser()
      var end: JSONValue?
      do {
        let status = try await server.stream(ServerConnection.target(["runs", run, "events"], []), headers: ["Last-Event-ID: \(last)"]) { piece in
          for event in parser.feed(piece) {
            last = event.id ?? last
            guard let value = try? JSONValue(parsing: Array(event.data.utf8)) else { continue }
            if event.name == "end" { end = value } else { display.show(value) }
          }
          return !shouldStop() && end == nil
        }
        if let end { return end }
        guard status == 200 || status == 204 || status == 503 else {
          throw CommandError("The server answered \(status) when it was asked for the events of run \(run).")
        }
        failures = status == 200 ? 0 : failures + 1
      } catch let error as RegistryRefusal where failures < Self.patience {
        failures += 1
        CommandError.note("\(error.detail) Trying again.")
      }
      if failures > Self.patience { throw CommandError("The server has not answered for a while; run \(run) may go on.") }
      try await Task.sleep(for: .milliseconds(500))
    }
    return nil
  }
}

/// Server-sent events out of bytes in any pieces (HTML Living Standard §9.2.6).
struct EventParser {
  struct Event: Equatable {
    var id: String?
    var name = "message"
    var data = ""
  }

  private var rest: [UInt8] = []
  private var event = Event()

  mutating func feed(_ bytes: [UInt8]) -> [Event] {
    rest += bytes
    var events: [Event] = []
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      var line = String(decoding: rest[..<end], as: UTF8.self)
      rest.removeSubrange(...end)
      if line.hasSuffix("\r") { line.removeLast() }
      if line.isEmpty {
        if !event.data.isEmpty { events.append(event) }
        event = Event()
        continue
      }
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      var value = parts.count == 2 ? String(parts[1]) : ""
      if value.hasPrefix(" ") { value.removeFirst() }
      switch parts[0] {
      case "id": event.id = value
      case "event": event.name = value
      case "data": event.data += (event.data.isEmpty ? "" : "\n") + value
      default: break
      }
    }
    return events
  }
}

/// Metrics of a run as they come.
private final class RunDisplay {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var isOpen = false
  private var terms: [String: Double] = [:]
  private var left = 0.0
  /// When the last line was written, where there is no terminal: one a second is enough for a log.
  private var lastLine = ContinuousClock.now - .seconds(1)

  func show(_ metric: JSONValue) {
    guard let name = metric.text("name"), let value = metric["value"]?.double else { return }
    if name == "seconds_left" {
      left = value
    } else if name == "progress" {
      guard isTerminal else { return }
      let details = terms.sorted { $0.key < $1.key }.map { "\($0.key) \(String(format: "%.4g", $0.value))" }
      let tail = "\(Int(left) / 60):\(String(format: "%02d", Int(left) % 60)) left"
      write("\r\u{1B}[K" + ProgressLine("epoch \(metric.cell("epoch"))", part: value, details, tail).text(columns: ProgressLine.columns))
      isOpen = true
    } else if name.hasPrefix("train.") || name.hasPrefix("validation.") {
      terms[String(name.split(separator: ".", maxSplits: 1).last ?? "")] = value
    } else if name == "seconds", !isTerminal, ContinuousClock.now - lastLine >= .seconds(1) {
      lastLine = .now
      write(
        "epoch \(metric.cell("epoch"))  "
          + terms.sorted { $0.key < $1.key }.map { "\($0.key) \(String(format: "%.4g", $0.value))" }.joined(separator: "  ") + "\n")
    }
  }

  func finish() {
    if isOpen { write("\r\u{1B}[K") }
    isOpen = false
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
