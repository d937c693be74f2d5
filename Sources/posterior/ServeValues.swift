import Foundation
import HTTP
import Logging
import Modelling

/// Permissions of a file, in octal digits.
package struct FileMode: Hashable, Sendable, CustomStringConvertible {
  let bits: mode_t

  struct Invalid: Error, CustomStringConvertible {
    let text: String
    var description: String { "\"\(text)\" is no mode of a file; expected three octal digits such as 660, in which the owner may read and write" }
  }

  package init(_ text: String) throws {
    guard text.count == 3, let bits = mode_t(text, radix: 8), bits & 0o600 == 0o600 else { throw Invalid(text: text) }
    self.bits = bits
  }

  package var description: String { String(bits, radix: 8) }
}

/// A path below which a server stands; `/` is none.
package struct PathPrefix: Hashable, Sendable, CustomStringConvertible {
  package let description: String

  struct Invalid: Error, CustomStringConvertible {
    let text: String
    var description: String { "\"\(text)\" is no path for a server; expected one such as /posterior, of letters, digits, -, . and _" }
  }

  package init(_ text: String) throws {
    let segments = text.split(separator: "/")
    func isPlain(_ segment: Substring) -> Bool {
      segment != "." && segment != ".."
        && segment.utf8.allSatisfy {
          ($0 < 0x80 && Character(UnicodeScalar($0)).isLetter) || ($0 >= 0x30 && $0 <= 0x39) || [0x2D, 0x2E, 0x5F].contains($0)
        }
    }
    guard text.hasPrefix("/"), segments.allSatisfy(isPlain) else { throw Invalid(text: text) }
    description = "/" + segments.joined(separator: "/")
  }
}

/// How log lines look.
package enum LogFormat: String, SettingValue, CaseIterable {
  case text, json

  func handler(_ label: String) -> any LogHandler {
    switch self {
    case .text: StreamLogHandler.standardError(label: label)
    case .json: JSONLogHandler(label: label)
    }
  }
}
