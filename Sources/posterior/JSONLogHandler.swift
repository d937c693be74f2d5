import Formats
import Foundation
import Logging
import Registry

/// A log line as one JSON object on standard error: `time`, `level`, `message`, and the fields of the line, numbers as numbers.
struct JSONLogHandler: LogHandler {
  var logLevel = Logger.Level.info
  var metadata: Logger.Metadata = [:]
  private let label: String

  /// Fields that are numbers; a seed too, which 64 bits hold.
  private static let numeric: Set = ["status", "bytes", "seed"]

  init(label: String) { self.label = label }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let line = JSONValue.object(
      [
        .init(name: "time", value: .string(Timestamp.now.description)), .init(name: "level", value: .string(event.level.rawValue)),
        .init(name: "logger", value: .string(label)), .init(name: "message", value: .string(event.message.description)),
      ] + fields.map { .init(name: $0.key, value: Self.value($0.key, $0.value.description)) })
    // One write a line, so that lines of several threads don't mix.
    FileHandle.standardError.write(Data(line.text + [UInt8(ascii: "\n")]))
  }

  private static func value(_ name: String, _ text: String) -> JSONValue {
    if numeric.contains(name), let number = Int(text) { return .integer(number) }
    if name.hasSuffix("_ms"), let number = Double(text) { return .number(number) }
    return .string(text)
  }
}
