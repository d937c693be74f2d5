package import Formats
internal import ModelFiles

/// One comparison of a filter such as `metrics.elbo > -240 and params.beta = 4`; a run without the field meets no condition on it.
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
    case time(Timestamp)
  }

  package let field: Field
  package let comparison: Comparison
  package let value: Value

  package init(_ field: Field, _ comparison: Comparison, _ value: Value) {
    self.field = field
    self.comparison = comparison
    self.value = value
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
