import CPNG

/// PNG images, read as Pillow's `convert` reads them: the values that are stored, whatever the file says of gamma and colour profiles.
package enum PNG {
  package enum Channels: Int, Sendable {
    case grey = 1
    case rgb = 3
  }

  /// What a decoded image may measure; checked against the header, before memory is taken.
  package struct Limits: Sendable {
    package var width: Int
    package var height: Int
    package var pixels: Int

    package init(width: Int = 16_384, height: Int = 16_384, pixels: Int = 1 << 24) {
      self.width = width
      self.height = height
      self.pixels = pixels
    }

    package static let `default` = Limits()
  }

  /// An image and what of its file it does not show.
  package struct Decoded: Equatable, Sendable {
    package let raster: Raster
    package let notes: [String]
    /// Which values of the file are not in the raster, as the end of a sentence; nil where all of them are.
    package let lost: String?
  }

  /// Decodes any PNG to 8 bits a sample.
  ///
  /// Palettes and fewer bits are expanded, of 16 bits the high byte is taken, interlacing is undone. Colour becomes grey by the luma of ITU-R BT.601,
  /// (19595 R + 38470 G + 7471 B + 32768) / 65536 as Pillow has it. Transparency is dropped and an orientation by Exif is not followed; the notes say
  /// so.
  /// - Parameter channels: nil keeps what the file has.
  package static func decode(_ bytes: [UInt8], as channels: Channels? = nil, limits: Limits = .default) throws(FormatError) -> Raster {
    try read(bytes, as: channels, limits: limits).raster
  }

  /// As `decode`, with what the image does not show.
  package static func read(_ bytes: [UInt8], as channels: Channels? = nil, limits: Limits = .default) throws(FormatError) -> Decoded {
    let result = bytes.withUnsafeBufferPointer { file -> Result<Decoded, FormatError> in
      do throws(FormatError) { return .success(try read(file, as: channels, limits)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private static func read(_ file: UnsafeBufferPointer<UInt8>, as channels: Channels?, _ limits: Limits) throws(FormatError) -> Decoded {
    guard !file.isEmpty else { throw FormatError(.png, .malformed, given: "no bytes", expected: "a PNG image") }
    guard let source = png_source_open(file.baseAddress, file.count) else {
      throw FormatError(.png, .tooLarge, given: "\(file.count) bytes", expected: "as much as there is memory for")
    }
    defer { png_source_close(source) }
    guard source.pointee.message.0 == 0 else { throw FormatError(.png, .malformed, given: message(of: source), expected: "a PNG image") }
    let (width, height, stored) = (source.pointee.width, source.pointee.height, source.pointee.channels)
    guard width <= limits.width, height <= limits.height, width * height <= limits.pixels else {
      throw FormatError(
        .png, .tooLarge, given: "\(width) x \(height) pixels",
        expected: "at most \(limits.width) x \(limits.height) and \(limits.pixels) pixels in all")
    }
    var isComplete = false
    let samples = [UInt8](unsafeUninitializedCapacity: width * height * stored) { buffer, initialized in
      isComplete = png_source_read(source, buffer.baseAddress) != 0
      initialized = isComplete ? width * height * stored : 0
    }
    guard isComplete else { throw FormatError(.png, .malformed, given: message(of: source), expected: "a complete PNG image") }
    var notes: [String] = []
    let hasAlpha = stored == 2 || stored == 4
    let isTransparent = hasAlpha && stride(from: stored - 1, to: samples.count, by: stored).contains { samples[$0] < 255 }
    if isTransparent {
      notes.append("warning: transparency is dropped: pixels count with the colour that is stored, also where nothing of it would be seen")
    }
    if let exif = source.pointee.exif, let turn = orientation(UnsafeBufferPointer(start: exif, count: source.pointee.exif_count)), turn != 1 {
      notes.append("warning: the picture says that it is to be turned (Exif orientation \(turn)); its pixels are taken as they are stored")
    }
    let target = channels ?? (stored <= 2 ? .grey : .rgb)
    let pixels = converted(samples, count: width * height, from: stored, to: target)
    let raster = Raster(height: height, width: width, channels: target.rawValue, pixels: pixels)
    return Decoded(raster: raster, notes: notes, lost: isTransparent ? "transparency" : lost(of: samples, channels: stored, as: target, file))
  }

  private static func lost(
    of samples: [UInt8], channels: Int, as target: Channels, _ file: UnsafeBufferPointer<UInt8>
  ) -> String? {
    if target == .grey, channels >= 3 {
      for place in stride(from: 0, to: samples.count, by: channels) {
        let red = samples[place]
        if samples[place + 1] != red || samples[place + 2] != red { return "colours" }
      }
    }
    // The bit depth stands behind the signature, the head of the first chunk and two extents.
    return file.count > 24 && file[24] > 8 ? "low bytes of 16 bits" : nil
  }

  private static func converted(_ samples: [UInt8], count: Int, from stored: Int, to target: Channels) -> [UInt8] {
    guard stored != target.rawValue else { return samples }
    return [UInt8](unsafeUninitializedCapacity: count * target.rawValue) { pixels, initialized in
      for pixel in 0..<count {
        let first = pixel * stored
        let (red, green, blue) = stored <= 2 ? (first, first, first) : (first, first + 1, first + 2)
        switch target {
        case .rgb: (pixels[3 * pixel], pixels[3 * pixel + 1], pixels[3 * pixel + 2]) = (samples[red], samples[green], samples[blue])
        case .grey where stored <= 2: pixels[pixel] = samples[first]
        case .grey:
          let luma = 19_595 * Int(samples[red]) + 38_470 * Int(samples[green]) + 7_471 * Int(samples[blue]) + 0x8000
          pixels[pixel] = UInt8(luma >> 16)
        }
      }
      initialized = count * target.rawValue
    }
  }

  /// Tag 0x0112 of the first directory of Exif data, 1...8 (TIFF 6.0, section 2; Exif 2.32, 4.6.4); nil where there is none.
  private static func orientation(_ exif: UnsafeBufferPointer<UInt8>) -> Int? {
    guard exif.count >= 8 else { return nil }
    let isBigEndian = exif[0] == UInt8(ascii: "M")
    func number(_ place: Int, bytes: Int) -> Int? {
      guard place >= 0, place + bytes <= exif.count else { return nil }
      let digits = exif[place..<place + bytes]
      return (isBigEndian ? Array(digits) : digits.reversed()).reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(4, bytes: 4), let entries = number(directory, bytes: 2) else { return nil }
    for entry in 0..<entries {
      let place = directory + 2 + 12 * entry
      guard let tag = number(place, bytes: 2) else { return nil }
      if tag == 0x0112 { return number(place + 8, bytes: 2).flatMap { (1...8).contains($0) ? $0 : nil } }
    }
    return nil
  }

  private static func message(of source: UnsafeMutablePointer<png_source>) -> String {
    withUnsafeBytes(of: source.pointee.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
