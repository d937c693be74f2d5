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

  private func unreadable(_ column: String, _ text: String) -> StoreError {
    .corrupt(path: "the database", reason: "column \(column) holds '\(text)', which can't be read")
  }
}
