package import Formats
import Foundation
import Locking

/// Keeps the account of runs; the registry implements it, so that training never sees a database.
///
/// What a call has returned from is on disk. Calls block for that long.
package protocol RunRecorder: Sendable {
  func start(_ run: RunDescription) throws -> RunID
  /// Metrics are appended, never overwritten; the recorder adds the time.
  func record(_ metrics: [RunMetric], in run: RunID) throws
  /// Keeps a document with a running run, such as a table or a picture; each name once.
  func attach(_ name: String, mediaType: String, bytes: [UInt8], to run: RunID) throws
  func finish(_ run: RunID, _ outcome: RunOutcome) throws
}

/// How a run ended.
package enum RunOutcome: Hashable, Sendable {
  /// `output` is the digest of what the run made (a model file, an answer): what a replay must equal.
  case finished(output: Digest?)
  case failed(String)
  case cancelled
}

/// One measured number of a run.
package struct RunMetric: Codable, Hashable, Sendable {
  package let name: String
  /// May be infinite or not a number: a loss that diverged is worth recording.
  package let value: Double
  package let step: Int
  package let epoch: Int?

  package init(name: String, value: Double, step: Int, epoch: Int? = nil) {
    self.name = name
    self.value = value
    self.step = step
    self.epoch = epoch
  }
}

/// The name of a run: a ULID, 26 characters whose alphabetical order is the order in which the runs of one process started.
///
/// 48 bits of milliseconds since 1970 and 80 random bits in Crockford's base 32 (https://github.com/ulid/spec).
package struct RunID: Hashable, Sendable, LosslessStringConvertible {
  package let description: String

  /// - Returns: nil unless the text is a ULID in capitals.
  package init?(_ text: String) {
    let digits = Array(text.utf8)
    // 26 digits hold 130 bits; the first may only be 0...7.
    guard digits.count == 26, digits.allSatisfy(Self.alphabet.contains), digits[0] <= UInt8(ascii: "7") else { return nil }
    description = text
  }

  /// The smallest identifier of a millisecond: every run that started then or later is equal or greater.
  package init(earliestAt milliseconds: UInt64) {
    self.init(UInt128(milliseconds) << 80)
  }

  /// A new identifier, greater than every one that this process made before.
  package static func generate() -> RunID {
    let now = UInt128(UInt64(max(0, Date().timeIntervalSince1970) * 1000))
    let bits = latest.withLock { latest in
      // Within one millisecond, or when the clock steps back, counting on from the last one keeps the order, and asks the system for nothing.
      if now > latest >> 80 {
        var generator = SystemRandomNumberGenerator()
        latest = now << 80 | UInt128(generator.next()) << 16 | UInt128(generator.next() & 0xFFFF)
      } else {
        latest += 1
      }
      return latest
    }
    return RunID(bits)
  }

  /// Milliseconds since 1970 at which the run started.
  package var milliseconds: UInt64 {
    description.utf8.prefix(10).reduce(0) { $0 << 5 | UInt64(Self.alphabet.firstIndex(of: $1) ?? 0) }
  }

  private init(_ bits: UInt128) {
    let alphabet = Self.alphabet
    description = String(unsafeUninitializedCapacity: 26) { text in
      var rest = bits
      for index in (0..<26).reversed() {
        text[index] = alphabet[Int(truncatingIfNeeded: rest & 31)]
        rest >>= 5
      }
      return 26
    }
  }

  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
  private static let latest = Protected<UInt128>(0)
}

extension RunID: Comparable {
  package static func < (left: RunID, right: RunID) -> Bool { left.description < right.description }
}

extension RunID: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let id = RunID(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected the 26 characters of a run's identifier")
    }
    self = id
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
