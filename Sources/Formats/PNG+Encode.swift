import CZlib

// Written here rather than by libpng, whose quick setting takes twice as long and makes larger files.
extension PNG {
  /// The same bytes for the same pixels and zlib: 8-bit samples, sRGB, no interlacing.
  ///
  /// Every row is stored as its difference from the row above, and runs are all that is looked for: on 64 samples of an image model the smallest files that
  /// take less than half of a millisecond.
  /// - Throws: `.tooLarge` for more bytes than one chunk holds.
  package static func encode(_ raster: Raster) throws(FormatError) -> [UInt8] {
    let rows = differences(raster)
    // zlib counts in 32 bits, a chunk in 31 (PNG, third edition, section 5.3).
    guard rows.count < 1 << 30 else {
      throw FormatError(.png, .tooLarge, given: "[\(raster.height), \(raster.width), \(raster.channels)]", expected: "less than 2^30 samples")
    }
    let data = compressed(rows)
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    file.reserveCapacity(data.count + 80)
    // Bit depth 8; colour type 0 is grey, 2 is RGB; compression, filter and interlacing have one method each.
    append("IHDR", bigEndian(raster.width) + bigEndian(raster.height) + [8, raster.channels == 1 ? 0 : 2, 0, 0, 0], to: &file)
    append("sRGB", [0], to: &file)
    append("IDAT", data, to: &file)
    append("IEND", [], to: &file)
    return file
  }

  /// The rows with the filter "up" and its number, 2, before each (section 9).
  private static func differences(_ raster: Raster) -> [UInt8] {
    let line = raster.width * raster.channels
    return [UInt8](unsafeUninitializedCapacity: raster.height * (line + 1)) { rows, count in
      raster.pixels.withUnsafeBufferPointer { pixels in
        for y in 0..<raster.height {
          let (target, source) = (y * (line + 1), y * line)
          rows[target] = 2
          for x in 0..<line { rows[target + 1 + x] = pixels[source + x] &- (y > 0 ? pixels[source + x - line] : 0) }
        }
      }
      count = raster.height * (line + 1)
    }
  }

  private static func compressed(_ rows: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    let outcome = deflateInit2_(&stream, 1, Z_DEFLATED, 15, 8, Z_RLE, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(outcome == Z_OK, "zlib can't begin: \(outcome)")
    defer { deflateEnd(&stream) }
    let bound = Int(deflateBound(&stream, UInt(rows.count)))
    var rows = rows
    return rows.withUnsafeMutableBufferPointer { source in
      [UInt8](unsafeUninitializedCapacity: bound) { target, count in
        (stream.next_in, stream.avail_in) = (source.baseAddress, UInt32(source.count))
        (stream.next_out, stream.avail_out) = (target.baseAddress, UInt32(bound))
        let outcome = deflate(&stream, Z_FINISH)
        precondition(outcome == Z_STREAM_END, "zlib's own bound is enough: \(outcome)")
        count = Int(stream.total_out)
      }
    }
  }

  /// Length, type, data, and the CRC of type and data (section 5.3).
  private static func append(_ type: StaticString, _ data: [UInt8], to file: inout [UInt8]) {
    file += bigEndian(data.count)
    let start = file.count
    file.append(contentsOf: UnsafeBufferPointer(start: type.utf8Start, count: 4))
    file += data
    file += bigEndian(Int(file[start...].withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }))
  }

  private static func bigEndian(_ number: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } }
}
