import CZlib

/// gzip (RFC 1952) and zlib (RFC 1950) streams by zlib.
package enum GZip {
  package static func isGZip(_ bytes: [UInt8]) -> Bool { bytes.count >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B }

  /// Inflates a whole gzip or zlib stream, which of the two its first bytes say; gzip members may follow one another (RFC 1952 section 2.2).
  /// - Parameter limit: the most bytes that may come out. Memory taken is in proportion to what does come out, never to what a header claims.
  /// - Throws: `.tooLarge` above the limit; `.malformed` for truncated or damaged streams and for bytes after the end.
  package static func inflate(_ bytes: [UInt8], limit: Int) throws(FormatError) -> [UInt8] {
    precondition(limit >= 0, "a limit of \(limit) bytes")
    var stream = z_stream()
    // 15 bits of window, +32: find out whether it is gzip or zlib.
    let started = inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(started == Z_OK, "zlib could not start: \(started)")
    defer { inflateEnd(&stream) }

    // One byte above the limit tells "exactly full" from "too large".
    let ceiling = limit == .max ? limit : limit + 1
    var output = [UInt8](repeating: 0, count: min(ceiling, max(4096, 4 * bytes.count)))
    var produced = 0
    var consumed = 0
    let failure = bytes.withUnsafeBufferPointer { source -> FormatError? in
      while true {
        if produced == output.count {
          if produced == ceiling { return FormatError(.gzip, .tooLarge, given: "a stream that inflates to more", expected: "at most \(limit) bytes") }
          output.append(contentsOf: repeatElement(0, count: min(output.count, ceiling - output.count)))
        }
        let status = output.withUnsafeMutableBufferPointer { target -> Int32 in
          let (input, room) = (min(source.count - consumed, 1 << 30), min(target.count - produced, 1 << 30))
          stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress.map { $0 + consumed })
          stream.avail_in = UInt32(input)
          stream.next_out = target.baseAddress.map { $0 + produced }
          stream.avail_out = UInt32(room)
          let status = CZlib.inflate(&stream, Z_NO_FLUSH)
          consumed += input - Int(stream.avail_in)
          produced += room - Int(stream.avail_out)
          return status
        }
        if produced > limit { return FormatError(.gzip, .tooLarge, given: "a stream that inflates to more", expected: "at most \(limit) bytes") }
        switch status {
        case Z_OK: continue
        case Z_STREAM_END where consumed == source.count: return nil
        case Z_STREAM_END where source[consumed] == 0x1F: inflateReset(&stream)
        case Z_STREAM_END:
          return FormatError(.gzip, .malformed, given: "\(source.count - consumed) bytes after the end of the stream", expected: "nothing there")
        case Z_BUF_ERROR where consumed == source.count:
          return FormatError(.gzip, .malformed, given: "a stream cut off after \(source.count) bytes", expected: "a complete one")
        case Z_BUF_ERROR: continue
        case Z_MEM_ERROR: preconditionFailure("zlib is out of memory")
        default:
          let reason = stream.msg.map { String(cString: $0) } ?? "damaged data"
          return FormatError(.gzip, .malformed, given: "\(reason) near byte \(consumed)", expected: "a gzip or zlib stream")
        }
      }
    }
    if let failure { throw failure }
    output.removeLast(output.count - produced)
    return output
  }

  /// One gzip member without name or time, so equal bytes give equal streams.
  /// - Parameter level: 0 (stored) ... 9 (smallest).
  package static func deflate(_ bytes: [UInt8], level: Int = 6) -> [UInt8] {
    precondition((0...9).contains(level), "zlib has levels 0 to 9, given \(level)")
    var stream = z_stream()
    // 15 bits of window, +16: a gzip wrapper. Memory level 8 is zlib's default.
    let started = deflateInit2_(&stream, Int32(level), Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(started == Z_OK, "zlib could not start: \(started)")
    defer { deflateEnd(&stream) }
    // deflateBound holds for the whole stream, so the output never has to grow.
    let capacity = Int(deflateBound(&stream, UInt(bytes.count)))
    return bytes.withUnsafeBufferPointer { source in
      [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
        var consumed = 0
        while true {
          let (input, room) = (min(source.count - consumed, 1 << 30), min(capacity - count, 1 << 30))
          stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress.map { $0 + consumed })
          stream.avail_in = UInt32(input)
          stream.next_out = target.baseAddress.map { $0 + count }
          stream.avail_out = UInt32(room)
          let status = CZlib.deflate(&stream, consumed + input == source.count ? Z_FINISH : Z_NO_FLUSH)
          consumed += input - Int(stream.avail_in)
          count += room - Int(stream.avail_out)
          if status == Z_STREAM_END { return }
          precondition(status == Z_OK, "zlib could not deflate: \(status)")
        }
      }
    }
  }
}
