import Data
import Formats
import Foundation
import Modelling

extension TableOptions {
  /// As flags of the command line.
  var flags: [String] {
    let standard = Self.table.fields
    guard let data = try? JSONEncoder().encode(self), let value = try? JSONValue(parsing: Array(data)) else { return [] }
    return standard.flatMap { field -> [String] in
      guard let given = value[field.name], given != .null, given != field.default else { return [] }
      switch given {
      case .bool(let truth): return [truth ? field.flag : "--no-" + field.flag.dropFirst(2)]
      case .array(let values): return values.flatMap { ["\(field.flag)=\($0.plainText)"] }
      default: return ["\(field.flag)=\(given.plainText)"]
      }
    }
  }
}

extension JSONValue {
  fileprivate var plainText: String { if case .string(let text) = self { text } else { String(decoding: text, as: UTF8.self) } }
}
