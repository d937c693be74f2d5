import CZlib

/// Compresses to gzip piece by piece; what a piece gives can be expanded without the pieces after it (zlib's sync flush).
///
/// A class because zlib keeps the address of its stream.
package final class StreamDeflater {
  private let stream: UnsafeMutablePointer<z_stream>

  package init(level: Int32 = 3) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let size = Int32(MemoryLayout<z_stream>.size)
    let status = deflateInit2_(stream, level, Z_DEFLATED, ContentCoding.gzip.windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
    precondition(status == Z_OK, "zlib has no memory")
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  /// The compressed form of `bytes`, whole; with `isLast` the end of the body too.
  ///
  /// - Precondition: the piece is smaller than 4 GiB, and nothing follows the last one.
  package func deflate(_ bytes: [UInt8], isLast: Bool = false) -> [UInt8] {
    var output: [UInt8] = []
    bytes.withUnsafeBufferPointer { input in
      stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.pointee.avail_in = UInt32(input.count)
      repeat {
        // Room that is left over says that zlib has nothing more to give.
        output += [UInt8](unsafeUninitializedCapacity: 32 * 1024) { buffer, count in
          stream.pointee.next_out = buffer.baseAddress
          stream.pointee.avail_out = UInt32(buffer.count)
          let status = CZlib.deflate(stream, isLast ? Z_FINISH : Z_SYNC_FLUSH)
          precondition(status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR, "zlib's stream is broken")
          count = buffer.count - Int(stream.pointee.avail_out)
        }
      } while stream.pointee.avail_out == 0
    }
    return output
  }
}
