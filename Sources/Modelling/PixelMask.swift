internal import Foundation
package import Tensors

/// Which pixels of an image are hidden: a fixed region, or one that is drawn for every image anew.
///
/// Recipes, requests and commands write it as a word with its numbers, such as `band:3`.
package enum PixelMask: SettingValue {
  package enum Side: String, Sendable, CaseIterable { case left, right, top, bottom }

  /// Everything but so many whole rows at a random height (`band`, `band:3`).
  case band(rows: Int)
  /// `rectangle:TOP,LEFT,HEIGHT,WIDTH`
  case rectangle(top: Int, left: Int, height: Int, width: Int)
  /// The middle half of the height and of the width (`centre`).
  case centre
  /// A rectangle with two random corners that hides at least this share of the pixels (`rectangle`, `rectangle:0.3`).
  case randomRectangle(share: Double)
  /// One half of the image (`left`, `right`, `top`, `bottom`); any of the four where nil (`half`).
  case half(Side?)
  /// Every pixel with the same probability (`random:0.5`).
  case random(rate: Float)

  /// What can be written, for errors and help.
  package static let grammar =
    "band[:ROWS], rectangle[:SHARE], rectangle:TOP,LEFT,HEIGHT,WIDTH, centre, half, left, right, top, bottom or random:RATE"

  /// Refuses a mask that does not fit the image, or would hide nothing.
  package func check(height: Int, width: Int) throws(Fault) {
    func refuse(_ expected: String) -> Fault { Fault(field: "mask", given: "\"\(self)\"", expected: expected) }
    switch self {
    case .band(let rows):
      guard (1..<max(height, 1)).contains(rows) else { throw refuse("a band of 1 to \(height - 1) rows in an image of \(height) rows") }
    case .rectangle(let top, let left, let rows, let columns):
      guard top >= 0, left >= 0, rows > 0, columns > 0, top < height, left < width, rows <= height - top, columns <= width - left else {
        throw refuse("a rectangle of top, left, height, width within \(height) rows and \(width) columns")
      }
    case .randomRectangle(let share):
      guard share > 0, share <= 1 else { throw refuse("a share of the pixels above 0 and up to 1") }
    case .half, .centre: guard height > 1, width > 1 else { throw refuse("an image that has two halves") }
    case .random(let rate): guard rate > 0, rate <= 1 else { throw refuse("a rate above 0 and up to 1") }
    }
  }

  /// 1 where a pixel is hidden: [keys, height · width]. A row's mask depends on its key alone.
  package func hidden(height: Int, width: Int, keys: RowKeys) -> Tensor {
    let n = keys.count
    switch self {
    case .random(let rate): return keys.bernoulli(.full([n, height * width], rate))
    case .rectangle(let top, let left, let rows, let columns):
      return Self.filled(n, height, width, outside: 0) { _ in (top..<top + rows, left..<left + columns) }
    case .centre:
      let (top, left) = (height / 4, width / 4)
      return Self.filled(n, height, width, outside: 0) { _ in (top..<top + height / 2, left..<left + width / 2) }
    case .band(let rows):
      let u = keys.uniform(1).scalars
      return Self.filled(n, height, width, outside: 1) { row in
        let top = Self.index(u[row], below: height - rows + 1)
        return (top..<top + rows, 0..<width)
      }
    case .half(let side):
      let u = keys.uniform(1).scalars
      return Self.filled(n, height, width, outside: 0) { row in
        switch side ?? Side.allCases[Self.index(u[row], below: 4)] {
        case .left: (0..<height, 0..<width / 2)
        case .right: (0..<height, width / 2..<width)
        case .top: (0..<height / 2, 0..<width)
        case .bottom: (height / 2..<height, 0..<width)
        }
      }
    case .randomRectangle(let share):
      let sizes = RectangleSizes(height: height, width: width, share: share)
      let u = keys.uniform(4).scalars
      return Self.filled(n, height, width, outside: 0) { row in
        let (rows, columns) = sizes.size(u[4 * row], u[4 * row + 1])
        let top = Self.index(u[4 * row + 2], below: height - rows + 1)
        let left = Self.index(u[4 * row + 3], below: width - columns + 1)
        return (top..<top + rows, left..<left + columns)
      }
    }
  }

  /// Uniform among 0..<count.
  private static func index(_ u: Float, below count: Int) -> Int { min(Int(Double(u) * Double(count)), count - 1) }

  /// One rectangle a row, of the other value than its outside.
  private static func filled(
    _ n: Int, _ height: Int, _ width: Int, outside: Float, _ rectangle: (Int) -> (rows: Range<Int>, columns: Range<Int>)
  ) -> Tensor {
    Tensor(shape: [n, height * width]) { y in
      y.update(repeating: outside, count: n * height * width)
      for row in 0..<n {
        let (rows, columns) = rectangle(row)
        for line in rows { (y + (row * height + line) * width + columns.lowerBound).update(repeating: 1 - outside, count: columns.count) }
      }
    }
  }
}

/// Sizes of the rectangle between two uniform corners, given that its area is large enough: what rejecting smaller ones comes to.
private struct RectangleSizes {
  /// Σ of the chances of heights up to 1, 2, ...
  private let heights: [Double]
  /// The same of widths, whatever the height.
  private let widths: [Double]
  private let smallestArea: Double
  private let columns: Int

  init(height: Int, width: Int, share: Double) {
    // Of two corners 0..<extent, both inclusive, `extent` pairs are one apart and 2 (extent - size + 1) are `size` apart.
    func pairs(_ extent: Int) -> [Double] { (1...extent).map { $0 == 1 ? Double(extent) : Double(2 * (extent - $0 + 1)) } }
    func sums(_ values: [Double]) -> [Double] { values.reduce(into: []) { $0.append(($0.last ?? 0) + $1) } }
    smallestArea = share * Double(height * width)
    columns = width
    widths = sums(pairs(width))
    let total = widths[width - 1]
    var chances = pairs(height)
    for rows in 1...height {
      let least = Self.leastColumns(smallestArea, rows)
      chances[rows - 1] *= least > width ? 0 : total - (least > 1 ? widths[least - 2] : 0)
    }
    heights = sums(chances)
  }

  private static func leastColumns(_ area: Double, _ rows: Int) -> Int { max(1, Int((area / Double(rows)).rounded(.up))) }

  func size(_ u: Float, _ v: Float) -> (rows: Int, columns: Int) {
    let height = Self.place(of: Double(u) * heights[heights.count - 1], in: heights)
    let least = Self.leastColumns(smallestArea, height)
    let before = least > 1 ? widths[least - 2] : 0
    let width = Self.place(of: before + Double(v) * (widths[columns - 1] - before), in: widths)
    return (height, max(width, least))
  }

  /// The first size, from 1, whose sum passes the value.
  private static func place(of value: Double, in sums: [Double]) -> Int {
    var (low, high) = (0, sums.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] > value { high = middle } else { low = middle + 1 }
    }
    return low + 1
  }
}

// MARK: As text

extension PixelMask: CustomStringConvertible, Codable {
  package var description: String {
    switch self {
    case .band(let rows): "band:\(rows)"
    case .rectangle(let top, let left, let height, let width): "rectangle:\(top),\(left),\(height),\(width)"
    case .randomRectangle(let share): "rectangle:\(share)"
    case .centre: "centre"
    case .half(let side): side?.rawValue ?? "half"
    case .random(let rate): "random:\(rate)"
    }
  }

  /// The inverse of `description`; numbers may be left out where they have a default.
  package init(_ text: String) throws(Fault) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = parts.count == 2 ? parts[1].split(separator: ",", omittingEmptySubsequences: false).map { Double($0) } : []
    let whole = numbers.map { $0.flatMap { Int(exactly: $0) } }
    switch (parts[0], numbers.count) {
    case ("band", 0): self = .band(rows: 3)
    case ("rectangle", 0): self = .randomRectangle(share: 0.3)
    case ("half", 0): self = .half(nil)
    case ("centre", 0) where parts.count == 1: self = .centre
    case ("random", 1):
      guard let rate = numbers[0], rate.isFinite else { throw Self.refusal(text) }
      self = .random(rate: Float(rate))
    case ("rectangle", 1):
      guard let share = numbers[0], share.isFinite else { throw Self.refusal(text) }
      self = .randomRectangle(share: share)
    case ("band", 1):
      guard let rows = whole[0] else { throw Self.refusal(text) }
      self = .band(rows: rows)
    case ("rectangle", 4):
      guard let top = whole[0], let left = whole[1], let height = whole[2], let width = whole[3] else { throw Self.refusal(text) }
      self = .rectangle(top: top, left: left, height: height, width: width)
    case (let name, 0):
      guard parts.count == 1, let side = Side(rawValue: String(name)) else { throw Self.refusal(text) }
      self = .half(side)
    default: throw Self.refusal(text)
    }
  }

  private static func refusal(_ text: String) -> Fault {
    Fault(field: "mask", given: "\"\(text.prefix(60))\"", expected: grammar)
  }

  package static func schema(_: (any Interval<PixelMask>)?) -> Schema { .text(choices: nil) }

  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    do throws(Fault) { self = try PixelMask(text) } catch {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "expected \(error.expected)"))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
