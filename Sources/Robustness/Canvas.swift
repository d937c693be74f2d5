internal import Formats
internal import Foundation

/// A white sheet of RGB pixels with lines and a small font of its own.
struct Canvas {
  typealias Colour = (red: Double, green: Double, blue: Double)

  private let width: Int
  private let height: Int
  private var pixels: [Double]

  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    pixels = [Double](repeating: 255, count: 3 * width * height)
  }

  var raster: Raster { Raster(height: height, width: width, channels: 3, pixels: pixels.map { UInt8(min(max($0.rounded(), 0), 255)) }) }

  private mutating func blend(_ x: Int, _ y: Int, _ colour: Colour, _ cover: Double) {
    guard (0..<width).contains(x), (0..<height).contains(y), cover > 0 else { return }
    let place = 3 * (y * width + x)
    for (channel, level) in [colour.red, colour.green, colour.blue].enumerated() {
      pixels[place + channel] += (level - pixels[place + channel]) * min(cover, 1)
    }
  }

  /// A segment between two points, every pixel covered by how near its middle is.
  mutating func line(_ a: (Double, Double), _ b: (Double, Double), _ colour: Colour, width: Double = 1) {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1)
    let square = dx * dx + dy * dy
    let reach = width / 2 + 1
    let columns = Int(max(floor(min(a.0, b.0) - reach), 0))...Int(max(min(ceil(max(a.0, b.0) + reach), Double(self.width)), 0))
    let rows = Int(max(floor(min(a.1, b.1) - reach), 0))...Int(max(min(ceil(max(a.1, b.1) + reach), Double(height)), 0))
    for y in rows {
      for x in columns {
        let (px, py) = (Double(x) - a.0, Double(y) - a.1)
        let t = square > 0 ? min(max((px * dx + py * dy) / square, 0), 1) : 0
        let distance = ((px - t * dx) * (px - t * dx) + (py - t * dy) * (py - t * dy)).squareRoot()
        blend(x, y, colour, width / 2 + 0.5 - distance)
      }
    }
  }

  /// Pixels that a text is wide.
  static func width(of text: String) -> Int { 12 * text.count - 2 }

  mutating func text(_ text: String, centredAt point: (x: Int, y: Int), _ colour: Colour) {
    self.text(text, at: (point.x - Self.width(of: text) / 2, point.y), colour)
  }

  /// Ten pixels wide and fourteen high a letter, from its top left corner; a letter that the font lacks is a blank.
  mutating func text(_ text: String, at point: (x: Int, y: Int), _ colour: Colour) {
    for (index, letter) in text.lowercased().enumerated() {
      for (row, bits) in (Self.font[letter] ?? []).enumerated() {
        for column in 0..<5 where bits >> (4 - column) & 1 == 1 {
          for (x, y) in [(0, 0), (1, 0), (0, 1), (1, 1)] { blend(point.x + 12 * index + 2 * column + x, point.y + 2 * row + y, colour, 1) }
        }
      }
    }
  }

  /// Seven rows of five dots a letter.
  private static let font: [Character: [UInt8]] = [
    "0": [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110], "1": [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
    "2": [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111], "3": [0b11110, 0b00001, 0b00001, 0b01110, 0b00001, 0b00001, 0b11110],
    "4": [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010], "5": [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
    "6": [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110], "7": [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000],
    "8": [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110], "9": [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100],
    "a": [0b00000, 0b00000, 0b01110, 0b00001, 0b01111, 0b10001, 0b01111], "b": [0b10000, 0b10000, 0b11110, 0b10001, 0b10001, 0b10001, 0b11110],
    "c": [0b00000, 0b00000, 0b01111, 0b10000, 0b10000, 0b10000, 0b01111], "d": [0b00001, 0b00001, 0b01111, 0b10001, 0b10001, 0b10001, 0b01111],
    "e": [0b00000, 0b00000, 0b01110, 0b10001, 0b11111, 0b10000, 0b01111], "f": [0b00110, 0b01001, 0b01000, 0b11100, 0b01000, 0b01000, 0b01000],
    "g": [0b00000, 0b01111, 0b10001, 0b10001, 0b01111, 0b00001, 0b01110], "h": [0b10000, 0b10000, 0b11110, 0b10001, 0b10001, 0b10001, 0b10001],
    "i": [0b00100, 0b00000, 0b01100, 0b00100, 0b00100, 0b00100, 0b01110], "j": [0b00010, 0b00000, 0b00110, 0b00010, 0b00010, 0b10010, 0b01100],
    "k": [0b10000, 0b10000, 0b10010, 0b10100, 0b11000, 0b10100, 0b10010], "l": [0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
    "m": [0b00000, 0b00000, 0b11010, 0b10101, 0b10101, 0b10001, 0b10001], "n": [0b00000, 0b00000, 0b11110, 0b10001, 0b10001, 0b10001, 0b10001],
    "o": [0b00000, 0b00000, 0b01110, 0b10001, 0b10001, 0b10001, 0b01110], "p": [0b00000, 0b11110, 0b10001, 0b10001, 0b11110, 0b10000, 0b10000],
    "q": [0b00000, 0b01111, 0b10001, 0b10001, 0b01111, 0b00001, 0b00001], "r": [0b00000, 0b00000, 0b10110, 0b11001, 0b10000, 0b10000, 0b10000],
    "s": [0b00000, 0b00000, 0b01111, 0b10000, 0b01110, 0b00001, 0b11110], "t": [0b01000, 0b01000, 0b11100, 0b01000, 0b01000, 0b01001, 0b00110],
    "u": [0b00000, 0b00000, 0b10001, 0b10001, 0b10001, 0b10011, 0b01101], "v": [0b00000, 0b00000, 0b10001, 0b10001, 0b10001, 0b01010, 0b00100],
    "w": [0b00000, 0b00000, 0b10001, 0b10001, 0b10101, 0b10101, 0b01010], "x": [0b00000, 0b00000, 0b10001, 0b01010, 0b00100, 0b01010, 0b10001],
    "y": [0b00000, 0b10001, 0b10001, 0b10001, 0b01111, 0b00001, 0b01110], "z": [0b00000, 0b00000, 0b11111, 0b00010, 0b00100, 0b01000, 0b11111],
    ".": [0b00000, 0b00000, 0b00000, 0b00000, 0b00000, 0b01100, 0b01100], "-": [0b00000, 0b00000, 0b00000, 0b11111, 0b00000, 0b00000, 0b00000],
    "+": [0b00000, 0b00100, 0b00100, 0b11111, 0b00100, 0b00100, 0b00000], "(": [0b00010, 0b00100, 0b01000, 0b01000, 0b01000, 0b00100, 0b00010],
    ")": [0b01000, 0b00100, 0b00010, 0b00010, 0b00010, 0b00100, 0b01000],
  ]
}
