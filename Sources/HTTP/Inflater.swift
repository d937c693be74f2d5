import CZlib

/// Expands a compressed body piece by piece: fed any split of it, gives out pieces of bounded size.
///
/// A class because zlib keeps the address of its stream.
package final class Inflater {
  package enum Failure: Error, Equatable {
    /// The bytes are not in the coding that was announced, or go on after its end.
    case malformed
    /// The input ended in the middle.
    case truncated
  }

  private let coding: ContentCoding
  private let stream: UnsafeMutablePointer<z_stream>
  private var input: [UInt8] = []
  private var used = 0
  private var phase = Phase.running

  private enum Phase {
    case running
    /// One member has ended; gzip allows another one (RFC 1952 §2.2).
    case betweenMembers
  }

  package init(_ coding: ContentCoding) {
    self.coding = coding
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = inflateInit2_(stream, coding.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib has no memory")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  package func feed(_ bytes: [UInt8]) {
    input = used == input.count ? bytes : input[used...] + bytes
    used = 0
  }

  /// The next expanded bytes, at most `count`, never empty; nil when more input is needed.
  package func next(upTo count: Int = 65_536) throws(Failure) -> [UInt8]? {
    if case .betweenMembers = phase {
      guard used < input.count else { return nil }
      guard coding == .gzip, inflateReset(stream) == Z_OK else { throw .malformed }
      phase = .running
    }
    var status = Z_OK
    let output = [UInt8](unsafeUninitializedCapacity: count) { output, filled in
      input.withUnsafeBufferPointer { input in
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { $0 + used })
        stream.pointee.avail_in = UInt32(input.count - used)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(count)
        status = inflate(stream, Z_NO_FLUSH)
        used = input.count - Int(stream.pointee.avail_in)
      }
      filled = count - Int(stream.pointee.avail_out)
    }
    switch status {
    case Z_OK, Z_BUF_ERROR: return output.isEmpty ? nil : output
    case Z_STREAM_END:
      phase = .betweenMembers
      return output.isEmpty ? try next(upTo: count) : output
    default: throw .malformed
    }
  }

  /// The input has ended.
  package func finish() throws(Failure) {
    guard case .betweenMembers = phase, used == input.count else { throw .truncated }
  }
}
