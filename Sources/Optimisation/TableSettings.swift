package import Formats

/// A family's settings for a table, as a recipe has them.
package struct TableSettings: Sendable {
  package let configuration: JSONValue
  package let training: JSONValue

  package init(configuration: JSONValue, training: JSONValue) { (self.configuration, self.training) = (configuration, training) }
}
