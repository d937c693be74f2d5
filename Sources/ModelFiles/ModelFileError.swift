internal import Foundation
package import Networks

/// Why a model file, or a file of tensors, was refused.
package struct ModelFileError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Reason: Equatable, Sendable {
    /// The operating system did not give or take the bytes.
    case unreadable
    /// Not a sound safetensors container.
    case malformed
    /// Sound so far, but larger than `SafeTensors.Limits`.
    case tooLarge
    /// Tensors of a type that does not become float32.
    case scalarType
    /// A sound container without the description of a model.
    case notAModel
    /// The description has an unknown, missing or wrong field.
    case metadata
    /// Written for another version of the description.
    case unknownFormat
    /// No family of that name in this build.
    case unknownFamily
    /// The family refuses the configuration.
    case configuration
    /// The signature describes no item.
    case signature
    /// The tensors are not those of the network that the configuration describes.
    case tensors(CheckpointMismatch)
    /// The model makes something else of the items of its check than the file says.
    case check
    /// A weight that is NaN or infinite.
    case nonFinite
  }

  package let reason: Reason
  /// Where in the file: `header`, `header["fc.weight"].shape`, `posterior.configuration.hidden[1]`, `tensors["fc.weight"][17]`; or the file's path.
  package let field: String
  package let given: String
  package let expected: String
  /// One sentence for people.
  package let detail: String

  init(_ reason: Reason, _ field: String, given: String, expected: String, detail: String? = nil) {
    self.reason = reason
    self.field = field.shortened()
    self.given = given.shortened()
    self.expected = expected
    self.detail = detail?.shortened(to: 100_000) ?? "\(self.field) is \(self.given), expected \(expected)"
  }

  package var description: String { detail }
}

extension ModelFileError {
  /// The error number that the C library has just left.
  static func system(_ path: String, _ action: String, _ code: CInt) -> ModelFileError {
    let reason = String(cString: strerror(code))
    return ModelFileError(.unreadable, path, given: reason, expected: "a file", detail: "could not \(action) \(path): \(reason)")
  }

  /// Names at most `shown` tensors of each kind; the reason keeps them all.
  init(_ mismatch: CheckpointMismatch, shown: Int = 100) {
    func list(_ title: String, _ items: [String]) -> String? {
      guard !items.isEmpty else { return nil }
      let rest = items.count > shown ? " and \(items.count - shown) more" : ""
      return "\(title): \(items.prefix(shown).joined(separator: ", "))\(rest)"
    }
    let parts = [
      list("missing tensors", mismatch.missing), list("unknown tensors", mismatch.unexpected),
      list("wrong shapes", mismatch.reshaped.map { "\($0.path) is \($0.given), expected \($0.expected)" }),
    ]
    let text = parts.compactMap { $0 }.joined(separator: "; ")
    self.init(
      .tensors(mismatch), "tensors", given: text, expected: "the network's own tensors", detail: "the tensors do not fit the network: \(text)")
  }
}

extension String {
  /// Files can hold names of a megabyte; errors should not.
  fileprivate func shortened(to limit: Int = 400) -> String {
    // Counted in scalars: a single character may be a megabyte of combining marks.
    unicodeScalars.count > limit ? "\(String(unicodeScalars.prefix(limit / 2)))...\(String(unicodeScalars.suffix(limit / 4)))" : self
  }
}
