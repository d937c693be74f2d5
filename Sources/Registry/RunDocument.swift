package import Formats

/// A document that a run keeps, without its bytes.
package struct RunDocument: Hashable, Sendable {
  /// 1 to 100 of a-z, 0-9, '.', '_' and '-', beginning with a letter or a digit; unique within the run.
  package let name: String
  package let mediaType: String
  package let byteCount: Int
  package let digest: Digest
  package let time: Timestamp

  /// The name under which a run keeps the items that it was given, so that another process can go on with it.
  package static let resumableInput = "items.npy"

  /// The most bytes that a document may have, as the schema says.
  package static let maximumByteCount = 64 << 20
}
