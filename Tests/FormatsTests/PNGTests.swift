import Formats
import Testing

@Suite struct PNGTests {
  /// Files made by hand from the specification's chunks, not by libpng.
  static let grey8 = base64("iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR42mNgaPjPwMjEDAAIDQGG5UheNQAAAABJRU5ErkJggg==")
  static let grey1 = base64("iVBORw0KGgoAAAANSUhEUgAAAAgAAAABAQAAAADLe9LuAAAACklEQVR42mPYCAAAswCyjBorRwAAAABJRU5ErkJggg==")
  static let grey16 = base64("iVBORw0KGgoAAAANSUhEUgAAAAIAAAABEAAAAACB2fwVAAAADUlEQVR42mMQMvn/HwAD5gJF8RyEZQAAAABJRU5ErkJggg==")
  static let palette2 = base64(
    "iVBORw0KGgoAAAANSUhEUgAAAAQAAAABAgMAAACEUudeAAAADFBMVEX/AAAA/wAAAP8JCQlccX6GAAAACklEQVR42mOQBgAAHQAcI3yPrAAAAABJRU5ErkJggg==")
  static let rgba = base64("iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAYAAAD0In+KAAAAD0lEQVR42mPgEpH7D8QMAAc0AXjZSH9wAAAAAElFTkSuQmCC")
  static let filtered = base64("iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAIAAACUgoPjAAAADklEQVR42mPkEpFjBAMAAfUARKWJEbUAAAAASUVORK5CYII=")
  // A linear gAMA chunk, alpha, 16 bits a sample, an Exif orientation of 6; what they are expected to be was read by Pillow 12.
  static let linearGrey = base64(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAAAAAA+i0toAAAABGdBTUEAAYagMeiWXwAAAAxJREFUeNpj4Eo5AQABsgE3FNar9gAAAABJRU5ErkJggg=="
  )
  static let linearColour = base64(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAABGdBTUEAAYagMeiWXwAAAA9JREFUeNpj4Eo58YvZFwAImAKB67Cq9QAAAABJRU5ErkJggg=="
  )
  static let rgbaHalf = base64(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAYAAAAb4BS0AAAAFUlEQVR42mPgEpFrOJFixMDJwf4fABJ+AzLEbYG+AAAAAElFTkSuQmCC"
  )
  static let greyAlpha = base64(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAQAAACx6dw/AAAAD0lEQVR42mNg/e/LfIIBAAftAh3mxD9NAAAAAElFTkSuQmCC"
  )
  static let paletteTransparent = base64(
    "iVBORw0KGgoAAAANSUhEUgAAAAQAAAABAgMAAACEUudeAAAADFBMVEX/AAAA/wAAAP8JCQlccX6GAAAAAnRSTlMAgJsrThgAAAAKSURBVHjaY5AGAAAdABwjfI+sAAAAAElFTkSuQmCC"
  )
  static let colour16 = base64(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABEAIAAADA54+dAAAAD0lEQVR42mMQ+t/A8O8/AAppA4/C2sQaAAAAAElFTkSuQmCC"
  )
  static let turned = base64(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAGmVYSWZJSSoACAAAAAEAEgEDAAEAAAAGAAAAAAAAALdIESkAAAALSURBVHjaY2DnBAAAGgAR82lTdQAAAABJRU5ErkJggg=="
  )
  static let grey2 = base64(
    "iVBORw0KGgoAAAANSUhEUgAAAAQAAAABAgAAAACW50iwAAAACklEQVR42mOQBgAAHQAcI3yPrAAAAABJRU5ErkJggg=="
  )
  /// A valid header of 100000 x 100000 pixels before nine bytes of data.
  static let huge = base64("iVBORw0KGgoAAAANSUhEUgABhqAAAYagCAAAAACNOVQUAAAACUlEQVR42mMAAAABAAGxDbaTAAAAAElFTkSuQmCC")

  @Test("Every kind of PNG comes back as 8-bit grey or RGB")
  func kinds() throws {
    #expect(try PNG.decode(Self.grey8) == Raster(height: 2, width: 3, channels: 1, pixels: [0, 128, 255, 1, 2, 3]))
    #expect(try PNG.decode(Self.grey1).pixels == [255, 0, 255, 255, 0, 0, 0, 255])
    #expect(try PNG.decode(Self.grey16).pixels == [0x12, 0xFF])
    #expect(try PNG.decode(Self.palette2) == Raster(height: 1, width: 4, channels: 3, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9]))
    #expect(try PNG.decode(Self.filtered).pixels == [10, 20, 30, 11, 21, 31, 12, 22, 32])
    #expect(try PNG.decode(Self.grey2).pixels == [0, 85, 170, 255])
    #expect(try PNG.decode(Self.grey8, as: .rgb).pixels == [0, 128, 255, 1, 2, 3].flatMap { [$0, $0, $0] })
    #expect(try PNG.decode(Self.palette2, as: .grey).channels == 1)
  }

  @Test("Stored values count: no gamma, luma of BT.601, transparency and orientation left alone with a word about it")
  func asPillowReads() throws {
    let cases: [(bytes: [UInt8], rgb: [UInt8], grey: [UInt8], note: String?)] = [
      (Self.linearGrey, [10, 10, 10, 100, 100, 100, 200, 200, 200], [10, 100, 200], nil),
      (Self.linearColour, [10, 100, 200, 250, 3, 77], [84, 85], nil),
      (Self.rgbaHalf, [10, 20, 30, 200, 100, 50, 9, 8, 7], [18, 124, 8], "transparency"),
      (Self.greyAlpha, [5, 5, 5, 77, 77, 77, 200, 200, 200], [5, 77, 200], "transparency"),
      (Self.paletteTransparent, [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9], [76, 150, 29, 9], "transparency"),
      (Self.colour16, [18, 128, 254], [109], nil),
      (Self.turned, [7, 7, 7, 9, 9, 9], [7, 9], "Exif orientation 6"),
    ]
    for (bytes, rgb, grey, note) in cases {
      let colour = try PNG.read(bytes, as: .rgb)
      #expect(colour.raster.pixels == rgb)
      #expect(try PNG.decode(bytes, as: .grey).pixels == grey)
      #expect(note.map { note in colour.notes.count == 1 && colour.notes[0].contains(note) } ?? colour.notes.isEmpty, "\(colour.notes)")
    }
  }

  @Test("An encoded image decodes to its pixels", arguments: [(1, 1, 1), (28, 28, 1), (1, 200, 3), (33, 7, 3)])
  func roundTrip(height: Int, width: Int, channels: Int) throws {
    var generator = SplitMix(state: 3)
    let pixels = (0..<height * width * channels).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let raster = Raster(height: height, width: width, channels: channels, pixels: pixels)
    #expect(try PNG.decode(PNG.encode(raster)) == raster)
    #expect(try PNG.encode(raster) == PNG.encode(raster), "equal images have equal bytes")
  }

  @Test("Another PNG reader finds the header, the colour space and checksums that it expects")
  func chunks() throws {
    let file = try PNG.encode(Raster(height: 2, width: 3, channels: 3, pixels: Array(1...18)))
    #expect(file.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
    #expect(Array(file[8..<33]) == [0, 0, 0, 13] + Array("IHDR".utf8) + [0, 0, 0, 3, 0, 0, 0, 2, 8, 2, 0, 0, 0] + [0x12, 0x16, 0xF1, 0x4D])
    #expect(Array(file[33..<46]) == [0, 0, 0, 1] + Array("sRGB".utf8) + [0] + [0xAE, 0xCE, 0x1C, 0xE9])
    #expect(Array(file.suffix(12)) == [0, 0, 0, 0] + Array("IEND".utf8) + [0xAE, 0x42, 0x60, 0x82])
  }

  @Test("An image above a limit is refused by its header alone")
  func limits() throws {
    for (bytes, limits) in [
      (Self.huge, PNG.Limits.default), (Self.huge, PNG.Limits(width: 1 << 20, height: 1 << 20)),
      (Self.grey8, PNG.Limits(width: 2)), (Self.grey8, PNG.Limits(height: 1)), (Self.grey8, PNG.Limits(pixels: 5)),
    ] {
      let error = #expect(throws: FormatError.self) { try PNG.decode(bytes, limits: limits) }
      #expect(error?.reason == .tooLarge)
    }
    #expect(try PNG.decode(Self.grey8, limits: .init(width: 3, height: 2, pixels: 6)).width == 3)
  }

  @Test("Truncated files are errors until the last pixel is there; what decodes is the whole image")
  func truncations() throws {
    for bytes in [Self.grey8, Self.palette2, Self.rgba, Self.grey16] {
      let whole = try PNG.decode(bytes)
      // The end chunk takes 12 bytes and holds nothing.
      for prefix in Damage.truncations(of: bytes) {
        if let decoded = try? PNG.decode(prefix) {
          #expect(prefix.count >= bytes.count - 16)
          #expect(decoded == whole)
        }
      }
    }
    #expect(throws: FormatError.self) { try PNG.decode([]) }
  }

  @Test("Damaged files are an error or an image of the declared size")
  func mutations() {
    for (index, bytes) in [Self.grey8, Self.palette2, Self.rgba, Self.grey16, Self.filtered].enumerated() {
      for damaged in Damage.mutations(of: bytes, count: 1000, seed: UInt64(index)) {
        guard let raster = try? PNG.decode(damaged, limits: .init(pixels: 1 << 20)) else { continue }
        #expect(raster.pixels.count == raster.height * raster.width * raster.channels)
      }
    }
  }
}

@Suite struct ImageGridTests {
  @Test("Images stand row by row with gaps between them and the rest filled")
  func arrangement() {
    let grid = ImageGrid.arrange([1, 2, 3], count: 3, height: 1, width: 1, channels: 1, separator: 1, separatorLevel: 9)
    #expect(grid == Raster(height: 3, width: 3, channels: 1, pixels: [1, 9, 2, 9, 9, 9, 3, 9, 9]))
  }

  @Test("One image is itself, and colours stay together")
  func single() {
    #expect(ImageGrid.arrange([1, 2, 3, 4, 5, 6], count: 1, height: 1, width: 2, channels: 3).pixels == [1, 2, 3, 4, 5, 6])
    let pair = ImageGrid.arrange([1, 2, 3, 4, 5, 6], count: 2, height: 1, width: 1, channels: 3, separator: 1, separatorLevel: 0)
    #expect(pair.pixels == [1, 2, 3, 0, 0, 0, 4, 5, 6])
  }

  @Test(
    "The grid is near-square, never with an empty row or column",
    arguments: [(1, 28, 28), (2, 28, 28), (10, 28, 28), (64, 28, 28), (7, 10, 100), (7, 100, 10), (100, 3, 2)])
  func nearSquare(count: Int, height: Int, width: Int) throws {
    let ones = [UInt8](repeating: 1, count: count * height * width)
    let grid = ImageGrid.arrange(ones, count: count, height: height, width: width, channels: 1, separator: 2, separatorLevel: 0)
    let (rows, columns) = ((grid.height + 2) / (height + 2), (grid.width + 2) / (width + 2))
    #expect(grid.pixels.count { $0 == 1 } == ones.count)
    #expect(rows * columns >= count && (rows - 1) * columns < count && rows * (columns - 1) < count || columns == count)
    #expect(rows == 1 || grid.width + 2 >= grid.height - height)
  }
}
