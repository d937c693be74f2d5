package import Formats

/// A family's settings for a table, as a recipe has them.
package struct TableSettings: Sendable {
  /// JSON objects, empty where a family's defaults will do.
  package let configuration: JSONValue
  package let training: JSONValue
  /// The recipe's own rules stand where nothing is said.
  package let epochs: Int?
  package let batchSize: Int?
  package let validation: Int?

  package init(
    configuration: KeyValuePairs<String, JSONValue> = [:], training: KeyValuePairs<String, JSONValue> = [:], epochs: Int? = nil,
    batchSize: Int? = nil, validation: Int? = nil
  ) {
    func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue { .object(members.map { JSONValue.Member(name: $0, value: $1) }) }
    (self.configuration, self.training) = (object(configuration), object(training))
    (self.epochs, self.batchSize, self.validation) = (epochs, batchSize, validation)
  }
}
