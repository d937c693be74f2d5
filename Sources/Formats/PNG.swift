import CPNG

/// PNG images, read by libpng's simplified interface, which reports errors in a struct; the classic one jumps over Swift frames.
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

  /// Decodes any PNG to 8 bits a sample.
  ///
  /// Palettes are expanded, 16-bit samples rounded, interlacing undone and transparency composed on white. Samples are taken as sRGB, so an 8-bit
  /// file without a gamma chunk comes back sample for sample; colour becomes grey by luminance.
  /// - Parameter channels: nil keeps what the file has.
  package static func decode(_ bytes: [UInt8], as channels: Channels? = nil, limits: Limits = .default) throws(FormatError) -> Raster {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    // The simplified reader keeps the address of the bytes between its two calls, so both happen under one pointer.
    let result = bytes.withUnsafeBytes { source -> Result<Raster, FormatError> in
      guard !source.isEmpty, png_image_begin_read_from_memory(&image, source.baseAddress, source.count) != 0 else {
        return .failure(FormatError(.png, .malformed, given: source.isEmpty ? "no bytes" : message(of: image), expected: "a PNG image"))
      }
      let (width, height) = (Int(image.width), Int(image.height))
      guard width <= limits.width, height <= limits.height, width * height <= limits.pixels else {
        return .failure(
          FormatError(
            .png, .tooLarge, given: "\(width) x \(height) pixels",
            expected: "at most \(limits.width) x \(limits.height) and \(limits.pixels) pixels in all"))
      }
      let target = channels ?? (image.format & colour == 0 ? .grey : .rgb)
      image.format = target == .grey ? grey : rgb
      image.flags |= sixteenBitIsSRGB
      var white = png_color(red: 255, green: 255, blue: 255)
      var complete = false
      let count = width * height * target.rawValue
      let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        complete = png_image_finish_read(&image, &white, buffer.baseAddress, 0, nil) != 0
        initialized = complete ? count : 0
      }
      guard complete else { return .failure(FormatError(.png, .malformed, given: message(of: image), expected: "a complete PNG image")) }
      return .success(Raster(height: height, width: width, channels: target.rawValue, pixels: pixels))
    }
    return try result.get()
  }

  private static let grey = UInt32(PNG_FORMAT_GRAY)
  private static let rgb = UInt32(PNG_FORMAT_RGB)
  private static let colour = UInt32(PNG_FORMAT_FLAG_COLOR)
  private static let sixteenBitIsSRGB = UInt32(PNG_IMAGE_FLAG_16BIT_sRGB)

  private static func message(of image: png_image) -> String {
    withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
