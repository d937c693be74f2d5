package import Formats

/// A type of values that settings have. They come and go by Codable; beyond that there are their schema and their bounds to say.
package protocol SettingValue: Codable, Hashable, Sendable {
  /// What bounds are about: the value itself, or the elements of a list.
  associatedtype Scalar: SettingValue = Self

  /// What Codable makes of a value too, only sooner; nil wherever a decoder has something to do or to say, which is always where a type doesn't say.
  init?(plain value: JSONValue)

  /// - Parameter range: the bounds of the scalars.
  static func schema(_ range: (any Interval<Scalar>)?) -> Schema

  /// Refuses a scalar out of bounds.
  ///
  /// - Parameter expected: in place of the range's own words.
  func check(_ range: (any Interval<Scalar>)?, expected: String?, at field: String) throws(Fault)

  /// Whether it is nil.
  var isNull: Bool { get }

  /// Of a list or map.
  var elementCount: Int? { get }
}

extension SettingValue {
  package init?(plain _: JSONValue) { nil }
  package func check(_: (any Interval<Scalar>)?, expected _: String?, at _: String) throws(Fault) {}
  package var isNull: Bool { false }
  package var elementCount: Int? { nil }
}

extension SettingValue where Self: CaseIterable & RawRepresentable<String> {
  package static func schema(_: (any Interval<Scalar>)?) -> Schema { .text(choices: allCases.map(\.rawValue)) }
}

extension Bool: SettingValue {
  package init?(plain value: JSONValue) {
    guard case .bool(let truth) = value else { return nil }
    self = truth
  }
  package static func schema(_: (any Interval<Bool>)?) -> Schema { .boolean }
}

extension String: SettingValue {
  package init?(plain value: JSONValue) {
    guard case .string(let text) = value else { return nil }
    self = text
  }
  package static func schema(_: (any Interval<String>)?) -> Schema { .text(choices: nil) }
}

/// What another part of the program reads.
extension JSONValue: SettingValue {
  package static func schema(_: (any Interval<JSONValue>)?) -> Schema { .any }
}

// MARK: - Numbers

/// A number, which bounds can hold for.
package protocol SettingNumber: SettingValue, Comparable where Scalar == Self {
  static func schema(within bounds: Bounds) -> Schema
  var isFinite: Bool { get }
}

extension SettingNumber {
  package static func schema(_ range: (any Interval<Self>)?) -> Schema { schema(within: range?.bounds ?? Bounds()) }

  package func check(_ range: (any Interval<Self>)?, expected: String?, at field: String) throws(Fault) {
    guard isFinite, range?.contains(self) ?? true else {
      throw Fault(field: field, given: "\(self)", expected: expected ?? range?.words ?? "a finite number")
    }
  }
}

extension Int: SettingNumber {
  package init?(plain value: JSONValue) {
    guard case .integer(let number) = value else { return nil }
    self = number
  }
  package static func schema(within bounds: Bounds) -> Schema { .integer(bounds) }
  package var isFinite: Bool { true }
}

extension Float: SettingNumber {
  package static func schema(within bounds: Bounds) -> Schema { .number(bounds) }
}

extension Double: SettingNumber {
  package static func schema(within bounds: Bounds) -> Schema { .number(bounds) }
}

// MARK: - Of other values

extension Optional: SettingValue where Wrapped: SettingValue {
  package typealias Scalar = Wrapped.Scalar

  package init?(plain value: JSONValue) {
    guard let wrapped = Wrapped(plain: value) else { return nil }
    self = wrapped
  }
  package static func schema(_ range: (any Interval<Scalar>)?) -> Schema { Wrapped.schema(range) }
  package func check(_ range: (any Interval<Scalar>)?, expected: String?, at field: String) throws(Fault) {
    try self?.check(range, expected: expected, at: field)
  }
  package var isNull: Bool { self == nil }
  package var elementCount: Int? { self?.elementCount }
}

extension Array: SettingValue where Element: SettingValue {
  package typealias Scalar = Element.Scalar

  package static func schema(_ range: (any Interval<Scalar>)?) -> Schema { .list(Element.schema(range)) }
  package func check(_ range: (any Interval<Scalar>)?, expected: String?, at field: String) throws(Fault) {
    for (index, element) in enumerated() { try element.check(range, expected: expected, at: "\(field)[\(index)]") }
  }
  package var elementCount: Int? { count }
}

extension Dictionary: SettingValue where Key == String, Value: SettingValue {
  package typealias Scalar = Value.Scalar

  package static func schema(_ range: (any Interval<Scalar>)?) -> Schema { .map(Value.schema(range)) }
  package func check(_ range: (any Interval<Scalar>)?, expected: String?, at field: String) throws(Fault) {
    for (name, value) in sorted(by: { $0.key < $1.key }) { try value.check(range, expected: expected, at: "\(field).\(name)") }
  }
  package var elementCount: Int? { count }
}
