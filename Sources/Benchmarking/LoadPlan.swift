/// What load is made, and for how long it is measured.
package struct LoadPlan: Sendable {
  package enum Arrivals: Sendable, Equatable {
    /// Each connection sends its next request when it has the answer to the last: a slow server is asked less often.
    case closed
    /// Requests come at this rate a second, whether or not earlier ones were answered; one that finds no free connection waits, and its latency counts
    /// from the moment at which it should have been sent (no coordinated omission).
    case poisson(rate: Double, seed: UInt64)
  }

  package var destination: Destination
  /// Sent in turn; never empty.
  package var requests: [LoadRequest]
  package var connections = 16
  package var arrivals = Arrivals.closed
  /// Sent but not counted.
  package var warmUp = Duration.seconds(1)
  package var window = Duration.seconds(1)
  /// Measuring stops at the first stable point, and after this many windows at the latest.
  package var windows = 10
  /// How much the last windows may differ.
  package var tolerance = 0.1
  /// A request unanswered for so long is an error, and its connection is closed.
  package var timeout = Duration.seconds(10)

  package init(_ destination: Destination, _ requests: [LoadRequest]) {
    precondition(!requests.isEmpty, "load without a request")
    self.destination = destination
    self.requests = requests
  }
}
