package import Formats

/// The numbers that a setting may have: `1...64`, `0...`, `0..<1`, `Above(0)`.
package protocol Interval<Bound>: Sendable {
  associatedtype Bound: Sendable
  func contains(_ number: Bound) -> Bool
  var bounds: Bounds { get }
}

extension Interval {
  /// What is expected of a number, such as "0 or more".
  package var words: String { bounds.words }
}

extension ClosedRange: Interval where Bound: SettingNumber {
  package var bounds: Bounds { Bounds(minimum: JSONValue(encoding: lowerBound), maximum: JSONValue(encoding: upperBound)) }
}

extension Range: Interval where Bound: SettingNumber {
  package var bounds: Bounds { Bounds(minimum: JSONValue(encoding: lowerBound), below: JSONValue(encoding: upperBound)) }
}

extension PartialRangeFrom: Interval where Bound: SettingNumber {
  package var bounds: Bounds { Bounds(minimum: JSONValue(encoding: lowerBound)) }
}

extension PartialRangeThrough: Interval where Bound: SettingNumber {
  package var bounds: Bounds { Bounds(maximum: JSONValue(encoding: upperBound)) }
}

/// All numbers greater than one.
package struct Above<Bound: SettingNumber>: Interval {
  private let limit: Bound

  package init(_ limit: Bound) { self.limit = limit }

  package func contains(_ number: Bound) -> Bool { number > limit }
  package var bounds: Bounds { Bounds(above: JSONValue(encoding: limit)) }
}

/// All numbers between two.
package struct Between<Bound: SettingNumber>: Interval {
  private let low: Bound
  private let high: Bound

  package init(_ low: Bound, _ high: Bound) { (self.low, self.high) = (low, high) }

  package func contains(_ number: Bound) -> Bool { number > low && number < high }
  package var bounds: Bounds { Bounds(above: JSONValue(encoding: low), below: JSONValue(encoding: high)) }
}

/// An interval as JSON Schema has it; `above` and `below` are not in it themselves.
package struct Bounds: Hashable, Sendable {
  package var minimum: JSONValue?
  package var above: JSONValue?
  package var maximum: JSONValue?
  package var below: JSONValue?

  package init(minimum: JSONValue? = nil, above: JSONValue? = nil, maximum: JSONValue? = nil, below: JSONValue? = nil) {
    (self.minimum, self.above, self.maximum, self.below) = (minimum, above, maximum, below)
  }

  package var words: String {
    func text(_ number: JSONValue) -> String { String(decoding: number.text, as: UTF8.self) }
    let low = minimum.map(text) ?? above.map { $0 == .integer(0) && maximum == nil && below == nil ? "" : "above \(text($0))" }
    let high = maximum.map(text) ?? below.map { "below \(text($0))" }
    return switch (low, high) {
    case (nil, nil): "a finite number"
    case ("", nil): "a positive number"
    case (_?, let high?) where minimum == nil && maximum == nil: "a number above \(text(above ?? .null)) and \(high)"
    case (let low?, nil): minimum == nil ? "a number \(low)" : "\(low) or more"
    case (nil, let high?): maximum == nil ? "a number \(high)" : "at most \(high)"
    case (let low?, let high?): "\(low) to \(high)"
    }
  }
}

extension ClosedRange<Int> {
  /// How many elements there may be: "1 to 8", "at most 64", "2".
  var lengthWords: String {
    lowerBound == upperBound ? "\(lowerBound)" : lowerBound == 0 ? "at most \(upperBound)" : "\(lowerBound) to \(upperBound)"
  }
}
