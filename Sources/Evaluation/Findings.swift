package import Formats
internal import Foundation
package import ModelFiles

/// What an evaluation found about a model on a data set.
package protocol Findings: Sendable {
  /// Every number under its full name.
  var metrics: [RunMetric] { get }
  /// The same for people.
  var lines: [String] { get }
}

extension Findings {
  /// Of every number to the last bit: two evaluations with equal digests found the same.
  package var digest: Digest {
    var bytes: [UInt8] = []
    for metric in metrics {
      bytes += Array(metric.name.utf8) + [0]
      withUnsafeBytes(of: metric.value.bitPattern.littleEndian) { bytes += $0 }
    }
    return SHA256.digest(bytes)
  }
}

/// Several findings about one model on one data set, one after the other.
package struct JoinedFindings: Findings {
  package let parts: [any Findings]

  package init(_ parts: [any Findings]) { self.parts = parts }

  package var metrics: [RunMetric] { parts.flatMap(\.metrics) }
  package var lines: [String] { parts.flatMap(\.lines) }
}

/// What an evaluation leaves beside its numbers; its run keeps it.
package struct FindingsDocument: Sendable, Equatable {
  package let name: String
  package let mediaType: String
  package let bytes: [UInt8]

  package init(name: String, mediaType: String, bytes: [UInt8]) { (self.name, self.mediaType, self.bytes) = (name, mediaType, bytes) }
}

/// A mean over items.
package struct Estimate: Sendable, Equatable {
  package let mean: Double
  /// Standard deviation over the items divided by the square root of their number; noise of the model's draws is part of it.
  package let standardError: Double

  init(_ values: [Double]) {
    let n = Double(max(values.count, 1))
    mean = values.reduce(0, +) / n
    let mean = mean
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(n - 1, 1)
    standardError = (variance / n).squareRoot()
  }

  func metrics(_ name: String) -> [RunMetric] {
    [RunMetric(name: name, value: mean, step: 0), RunMetric(name: "\(name).standard_error", value: standardError, step: 0)]
  }

  func line(_ name: String) -> String {
    String(format: "%@ %10.3f +- %.3f nats", name.padding(toLength: 32, withPad: " ", startingAt: 0), mean, standardError)
  }
}
