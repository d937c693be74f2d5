import Formats
import Foundation
import GRDB

extension Row {
  /// The value that a text column spells.
  func parse<Value: LosslessStringConvertible>(_ column: String) throws -> Value {
    let text: String = self[column]
    guard let value = Value(text) else { throw unreadable(column, text) }
    return value
  }

  func parseIfPresent<Value: LosslessStringConvertible>(_ column: String) throws -> Value? {
    self[column] as String? == nil ? nil : try parse(column)
  }

  func parse<Value: RawRepresentable<String>>(_ column: String) throws -> Value {
    let text: String = self[column]
    guard let value = Value(rawValue: text) else { throw unreadable(column, text) }
    return value
  }

  /// A digest that is kept as its 32 bytes.
  func digest(_ column: String) throws -> Digest {
    let data: Data = self[column]
    guard let digest = Digest(bytes: Array(data)) else {
      throw StoreError.corrupt(path: "the database", reason: "column \(column) holds \(data.count) bytes, which are no digest")
    }
    return digest
  }

  func digestIfPresent(_ column: String) throws -> Digest? {
    self[column] as Data? == nil ? nil : try digest(column)
  }

  private func unreadable(_ column: String, _ text: String) -> StoreError {
    .corrupt(path: "the database", reason: "column \(column) holds '\(text)', which can't be read")
  }
}
