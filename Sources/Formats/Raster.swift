/// An image of 8-bit samples: grey (one channel) or RGB (three), rows from the top, `pixels: [height, width, channels]`.
package struct Raster: Equatable, Sendable {
  package let height: Int
  package let width: Int
  package let channels: Int
  package let pixels: [UInt8]

  package init(height: Int, width: Int, channels: Int, pixels: [UInt8]) {
    precondition(height > 0 && width > 0, "an image has at least one pixel")
    precondition(channels == 1 || channels == 3, "an image has one channel (grey) or three (RGB), given \(channels)")
    precondition(pixels.count == height * width * channels, "\(pixels.count) samples for [\(height), \(width), \(channels)]")
    self.height = height
    self.width = width
    self.channels = channels
    self.pixels = pixels
  }
}
