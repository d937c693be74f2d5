internal import Foundation
package import Formats

extension JSONValue {
  /// What a value is encoded as; null where JSON can't hold it, such as a number that is not finite.
  package init(encoding value: some Encodable) {
    do { self = try JSONValue(parsing: [UInt8](JSONEncoder().encode(value))).sorted } catch { self = .null }
  }
}
