import Foundation
import Testing

/// Proofs that take minutes run where POSTERIOR_SLOW_TESTS is set, and not in CI.
extension Trait where Self == ConditionTrait {
  static var slow: Self {
    .enabled(if: ProcessInfo.processInfo.environment["POSTERIOR_SLOW_TESTS"] != nil, "set POSTERIOR_SLOW_TESTS=1 to run it")
  }
}
