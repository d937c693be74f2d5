package import Modelling

/// What is asked of estimates that are pooled; beside a table these are the query.
package struct PoolOptions: Settings {
  /// Degrees of freedom that the complete data would have had, such as n - k of a regression; nil for infinitely many.
  package var dfcom: Double?
  package var confidence = 0.95

  package init() {}

  package static let table = Table<Self> {
    Setting(
      "dfcom", \.dfcom, in: Above(0),
      "Degrees of freedom that the complete data would have had, such as n - k of a regression; infinitely many where absent.")
    Setting("confidence", \.confidence, in: Between(0, 1), "Of the intervals.")
  }
}
