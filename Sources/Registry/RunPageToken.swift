import Formats
import Foundation
import ModelFiles

/// Where a page of runs ended: the sort key and identifier of its last run, and which query it belongs to.
///
/// A position in the order, not a count of rows: runs that are added or removed meanwhile move no page.
struct RunPageToken {
  /// nil where the order is by identifier alone.
  let value: RunSortValue?
  let id: RunID

  /// - Throws: `StoreError.invalidPageToken` for text that is not a page token, or that is the token of another query.
  init(_ text: String, of query: String) throws(StoreError) {
    let padded =
      text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
      + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    guard let data = Data(base64Encoded: padded) else { throw .invalidPageToken(given: text) }
    let parts = String(decoding: data, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 3, let id = RunID(String(parts[1])) else { throw .invalidPageToken(given: text) }
    guard parts[0] == Self.mark(query) else { throw .foreignPageToken(given: text) }
    self.id = id
    if parts[2].isEmpty {
      value = nil
    } else {
      guard let own = RunSortValue(tokenText: String(parts[2])) else { throw .invalidPageToken(given: text) }
      value = own
    }
  }

  init(value: RunSortValue?, id: RunID) {
    self.value = value
    self.id = id
  }

  /// URL-safe (RFC 4648 section 5, without padding).
  func text(of query: String) -> String {
    return Data("\(Self.mark(query)) \(id) \(value?.tokenText ?? "")".utf8).base64EncodedString()
      .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
  }

  private static func mark(_ query: String) -> String { String(SHA256.digest(Array(query.utf8)).hex.prefix(16)) }
}
