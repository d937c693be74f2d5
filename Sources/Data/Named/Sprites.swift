internal import Formats
internal import Modelling
internal import Tensors

/// White shapes on black, 64 x 64 pixels, of every combination of five factors; drawn when they are asked for and never stored.
///
/// The factors are those of dSprites (Matthey et al. 2017): 3 shapes x 6 scales x 40 angles x 32 x 32 positions, 737 280 items. Edges are hard, and all
/// arithmetic is of integers, so that every machine draws the same bytes. A square looks the same after 10 angles and an ellipse after 20.
package struct Sprites: Sendable {
  package struct Factor: Sendable, Equatable {
    package let name: String
    package let count: Int
    /// Whether its values have an order; shapes have none.
    package let isOrdered: Bool
  }

  /// In the order of `factors(of:)`, the last changing fastest from one number to the next.
  package static let factors = [
    Factor(name: "shape", count: 3, isOrdered: false), Factor(name: "scale", count: 6, isOrdered: true),
    Factor(name: "angle", count: 40, isOrdered: true), Factor(name: "x", count: 32, isOrdered: true), Factor(name: "y", count: 32, isOrdered: true),
  ]
  package static let shapes = ["square", "ellipse", "heart"]
  /// Pixels to a side.
  package static let side = 64
  /// All combinations.
  package static let total = factors.reduce(1) { $0 * $1.count }
  /// Combinations of the split `test`, a tenth.
  private static let testCount = total / 10
  /// Of the bytes that are drawn, told by this name: another generation is another name.
  private static let generation = "posterior sprites 1"

  /// The numbers of the sprites that this set is of, in its order.
  private let numbers: [UInt32]
  package var count: Int { numbers.count }

  /// Nine tenths of all combinations, or the tenth that they leave, in a random order that is always the same: the first n are a random sample.
  package init(_ split: DataSource.Split) {
    let order = RandomKey(seed: 0).split("sprites").permutation(Self.total)
    let chosen = split == .test ? order.prefix(Self.testCount) : order.dropFirst(Self.testCount)
    numbers = chosen.map(UInt32.init)
  }

  private init(numbers: [UInt32]) { self.numbers = numbers }

  /// The first `limit` of them.
  package func prefix(_ limit: Int) -> Sprites { Sprites(numbers: Array(numbers.prefix(limit))) }

  /// The number of the sprite at a place of this set.
  package func number(at place: Int) -> Int { Int(numbers[place]) }

  /// Their shapes.
  fileprivate func labels(_ split: DataSource.Split) -> Labels {
    Labels(names: Self.shapes, codes: numbers.map { Self.factors(of: Int($0))[0] }, digest: Self.digest(split))
  }

  fileprivate static func digest(_ split: DataSource.Split) -> Digest { SHA256.digest(Array("\(generation)/\(split.rawValue)".utf8)) }

  /// The value of every factor of a sprite, from 0.
  package static func factors(of number: Int) -> [Int] {
    precondition((0..<total).contains(number), "sprite \(number) of \(total)")
    var (rest, values) = (number, [Int]())
    for factor in factors.reversed() {
      values.append(rest % factor.count)
      rest /= factor.count
    }
    return values.reversed()
  }

  /// The sprite of some factors; the inverse of `factors(of:)`.
  package static func number(of values: [Int]) -> Int {
    precondition(values.count == factors.count, "\(values.count) factors of \(factors.count)")
    return zip(values, factors).reduce(0) { number, factor in
      precondition((0..<factor.1.count).contains(factor.0), "\(factor.1.name) \(factor.0) of \(factor.1.count)")
      return number * factor.1.count + factor.0
    }
  }

  /// 0 or 255 a pixel, row by row: 64 x 64.
  package static func image(_ number: Int) -> [UInt8] {
    var pixels = [UInt8](repeating: 0, count: side * side)
    draw(number) { pixels[$0] = 255 }
    return pixels
  }

  /// Calls `paint` with the place of every white pixel.
  static func draw(_ number: Int, paint: (Int) -> Void) {
    let values = factors(of: number)
    let outline = Outline(shape: values[0], scale: values[1], angle: values[2])
    // The middles of the pixels 16 to 47, so that nothing is cut off.
    let (x, y) = (16 + values[3], 16 + values[4])
    for row in y - Outline.reach...y + Outline.reach {
      for column in x - Outline.reach...x + Outline.reach where outline.contains(column - x, row - y) {
        paint(row * side + column)
      }
    }
  }
}

extension Sprites: ItemRows {
  package var width: Int { Self.side * Self.side }
  package var holdsFloats: Bool { false }

  package func write(_ place: Int, to out: UnsafeMutablePointer<Float>) {
    out.update(repeating: 0, count: width)
    Self.draw(number(at: place)) { out[$0] = 255 }
  }
}

extension NamedDataSet {
  package static let sprites = NamedDataSet(name: "sprites", space: Signature.image(height: Sprites.side, width: Sprites.side).space) { split in
    DataSet(
      name: split == .train ? "sprites" : "sprites/test", rows: Sprites(split),
      signature: .image(height: Sprites.side, width: Sprites.side), digest: Sprites.digest(split))
  } labels: { split in
    Sprites(split).labels(split)
  }
}

/// A shape of one size and angle around the origin.
///
/// At full size: a square of side 20, an ellipse of semi-axes 14 and 8, and a heart of a square of side 15 on its corner with a half-disc on each of its
/// upper sides. Scales are 0.5, 0.6, ... 1, angles multiples of 9 degrees, anticlockwise.
private struct Outline {
  /// No pixel of any shape is further from its centre, to either side.
  static let reach = 16

  private let shape: Int
  /// Tenths.
  private let scale: Int
  private let cosine: Int
  private let sine: Int

  init(shape: Int, scale: Int, angle: Int) {
    self.shape = shape
    self.scale = 5 + scale
    // A heart stands on its corner at angle 0: its own axes are turned by 45 degrees.
    let turned = shape == 2 ? angle + 5 : angle
    (cosine, sine) = (Self.cosine(turned), Self.cosine(turned - 10))
  }

  /// 2^16 times the cosine of multiples of 9 degrees.
  private static func cosine(_ angle: Int) -> Int {
    let quarter = [65536, 64729, 62328, 58393, 53020, 46341, 38521, 29753, 20252, 10252, 0]
    let place = ((angle % 40) + 40) % 40
    switch place {
    case 0...10: return quarter[place]
    case 11...20: return -quarter[20 - place]
    case 21...30: return -quarter[place - 20]
    default: return quarter[40 - place]
    }
  }

  /// Whether a point is inside; x to the right, y down, in pixels.
  func contains(_ x: Int, _ y: Int) -> Bool {
    // Along the shape's own axes, in 2^-16 pixels; the picture's y points down.
    let u = x * cosine - y * sine
    let v = -x * sine - y * cosine
    let one = scale << 16
    switch shape {
    case 0: return abs(u) <= one && abs(v) <= one
    case 1:
      // (u / 14)² + (v / 8)² <= (scale / 10)²
      return 6400 * u * u + 19600 * v * v <= 12544 * one * one
    default:
      // A square of half side r = 7.5 and discs of that radius on two of its sides, in units of 1/20.
      let (p, q, r) = (20 * u, 20 * v, 15 * one)
      func disc(_ a: Int, _ b: Int) -> Bool { (p - a) * (p - a) + (q - b) * (q - b) <= r * r }
      return (abs(p) <= r && abs(q) <= r) || disc(r, 0) || disc(0, r)
    }
  }
}
