package import Formats
internal import ModelFiles

/// Conditions and how they hang together.
package indirect enum RunPredicate: Hashable, Sendable {
  case condition(RunCondition)
  case all([RunPredicate])
  case any([RunPredicate])

  package var conditions: [RunCondition] {
    switch self {
    case .condition(let condition): [condition]
    case .all(let parts), .any(let parts): parts.flatMap(\.conditions)
    }
  }
}

/// One condition of a filter such as `metrics.elbo > -240 and params.beta in (1, 4)`; a run without the field meets none but `is null`.
package struct RunCondition: Hashable, Sendable {
  package enum Field: Hashable, Sendable {
    case attribute(Attribute)
    case parameter(String)
    /// The last value.
    case metric(String)
    case tag(String)
  }

  /// What every run has of itself, or every run of some kinds.
  package enum Attribute: String, CaseIterable, Sendable {
    case dataDigest = "data_digest"
    case duration
    case family
    case httpStatus = "http_status"
    case inputDigest = "input_digest"
    case items
    case kind
    case model
    case modelDigest = "model_digest"
    case operation
    case outputDigest = "output_digest"
    case seed
    case started
    case status
    case version
  }

  package enum Comparison: String, CaseIterable, Sendable {
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
  }

  package enum Value: Hashable, Sendable {
    case number(Double)
    case integer(Int64)
    case text(String)
    case digest(Digest)
    /// From a millisecond to before another: of a time one, of a day all of it.
    case time(Range<Int64>)
  }

  package enum Test: Hashable, Sendable {
    case compared(Comparison, Value)
    case isIn([Value], isNegated: Bool)
    /// With % for any characters, _ for one, and a backslash before either of them or itself; ASCII letters of either case are the same.
    case isLike(String, isNegated: Bool)
    case isNull(Bool)
  }

  package let field: Field
  package let test: Test
  /// Of the field in the filter's text.
  package let column: Int

  package init(_ field: Field, _ test: Test, column: Int = 1) { (self.field, self.test, self.column) = (field, test, column) }

  package init(_ field: Field, _ comparison: Comparison, _ value: Value, column: Int = 1) {
    self.init(field, .compared(comparison, value), column: column)
  }
}

extension RunCondition.Field {
  /// As a filter names it.
  package var shown: String {
    switch self {
    case .attribute(let attribute): attribute.rawValue
    case .parameter(let name): "params.\(name)"
    case .metric(let name): "metrics.\(name)"
    case .tag(let name): "tags.\(name)"
    }
  }
}

extension RunCondition.Attribute {
  /// What an attribute may be compared with.
  enum Kind: Sendable {
    case number, text, digest, time
    case oneOf([String])
  }

  var kind: Kind {
    switch self {
    case .dataDigest, .inputDigest, .modelDigest, .outputDigest: .digest
    case .duration, .httpStatus, .items, .seed, .version: .number
    case .family, .model, .operation: .text
    case .kind: .oneOf(RunKind.allCases.map(\.rawValue))
    case .status: .oneOf(RunStatus.allCases.map(\.rawValue))
    case .started: .time
    }
  }

  /// Names, states and digests have no order worth asking for.
  var hasOrder: Bool {
    switch kind {
    case .number, .time: true
    case .text, .digest, .oneOf: false
    }
  }
}

/// Where in a filter or an order something else was expected; columns count characters from 1.
package struct RunQueryError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The query parameter at fault: `filter` or `order_by`.
  package let parameter: String
  package let column: Int
  package let given: String
  package let expected: String

  package var description: String { "\(parameter), column \(column): found \(given), expected \(expected)" }
}
