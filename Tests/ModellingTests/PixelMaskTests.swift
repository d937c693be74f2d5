import Modelling
import Tensors
import Testing

@Suite("Masks of pixels")
struct PixelMaskTests {
  private let height = 12
  private let width = 10

  private func keys(_ rows: Range<Int>) -> RowKeys { RowKeys(RandomKey(seed: 11), rows: rows) }

  /// Row by row, line by line.
  private func lines(_ mask: PixelMask, _ n: Int) -> [[[Float]]] {
    let hidden = mask.hidden(height: height, width: width, keys: keys(0..<n)).scalars
    return (0..<n).map { row in (0..<height).map { line in Array(hidden[(row * height + line) * width..<(row * height + line + 1) * width]) } }
  }

  @Test("a band is so many whole neighbouring rows, uniform over the height, and everything else is hidden")
  func band() {
    let n = 4000
    var tops = [Int](repeating: 0, count: height - 2)
    for image in lines(.band(rows: 3), n) {
      let observed = image.indices.filter { image[$0].allSatisfy { $0 == 0 } }
      #expect(observed.count == 3 && observed[2] == observed[0] + 2)
      for line in image.indices where !observed.contains(line) { #expect(image[line].allSatisfy { $0 == 1 }) }
      tops[observed[0]] += 1
    }
    // 400 expected at each of ten places; five deviations are 95.
    for count in tops { #expect(abs(count - n / tops.count) < 95) }
  }

  @Test("a random rectangle is one solid rectangle of at least the share, of the sizes that rejecting smaller ones leaves")
  func rectangles() {
    let (n, share) = (3000, 0.3)
    let least = share * Double(height * width)
    var sizes: [[Int]: Int] = [:]
    for image in lines(.randomRectangle(share: share), n) {
      let rows = image.indices.filter { image[$0].contains(1) }
      let columns = (0..<width).filter { column in image.contains { $0[column] == 1 } }
      #expect(Double(rows.count * columns.count) >= least && image.joined().reduce(0, +) == Float(rows.count * columns.count))
      #expect(rows.last.map { $0 - rows[0] } == rows.count - 1 && columns.last.map { $0 - columns[0] } == columns.count - 1)
      sizes[[rows.count, columns.count], default: 0] += 1
    }
    // Every pair of corners counted once, small rectangles left out.
    var pairs: [[Int]: Int] = [:]
    for a in 0..<height {
      for b in 0..<height {
        for c in 0..<width {
          for d in 0..<width where Double((abs(a - b) + 1) * (abs(c - d) + 1)) >= least { pairs[[abs(a - b) + 1, abs(c - d) + 1], default: 0] += 1 }
        }
      }
    }
    let total = Double(pairs.values.reduce(0, +))
    var surprise = 0.0
    for (size, count) in pairs {
      let expected = Double(n) * Double(count) / total
      let difference = Double(sizes[size] ?? 0) - expected
      surprise += difference * difference / expected
    }
    // χ² with as many degrees of freedom as sizes but one: its mean, and deviations of √2 times that root.
    let freedom = Double(pairs.count - 1)
    #expect(sizes.keys.allSatisfy { pairs[$0] != nil } && abs(surprise - freedom) < 5 * (2 * freedom).squareRoot(), "\(surprise) for \(freedom)")
  }

  @Test("halves, fixed rectangles and random pixels hide what they say")
  func others() {
    let half = height * width / 2
    var seen: Set<[[Float]]> = []
    for image in lines(.half(nil), 100) { seen.insert(image) }
    #expect(Set(PixelMask.Side.allCases.map { lines(.half($0), 1)[0] }) == seen && seen.count == 4)
    #expect(seen.allSatisfy { $0.joined().reduce(0, +) == Float(half) })
    let fixed = lines(.rectangle(top: 2, left: 3, height: 4, width: 5), 2)
    for image in fixed {
      for line in 0..<height {
        for column in 0..<width { #expect((image[line][column] == 1) == ((2..<6).contains(line) && (3..<8).contains(column))) }
      }
    }
    let share = lines(.random(rate: 0.2), 500).joined().joined().reduce(0, +) / Float(500 * height * width)
    #expect(abs(share - 0.2) < 0.01)
  }

  @Test(
    "a row's mask depends on its key alone",
    arguments: [PixelMask.band(rows: 3), .randomRectangle(share: 0.5), .half(nil), .random(rate: 0.5)])
  func rows(_ mask: PixelMask) {
    let all = mask.hidden(height: height, width: width, keys: keys(0..<20))
    #expect(mask.hidden(height: height, width: width, keys: keys(7..<9)).scalars == all.slice(0, 7..<9).scalars)
    #expect(all.slice(0, 0..<10).scalars != all.slice(0, 10..<20).scalars)
  }

  @Test("what is written comes back, and defaults are the usual ones")
  func text() throws {
    let masks: [PixelMask] = [
      .band(rows: 5), .rectangle(top: 0, left: 1, height: 2, width: 3), .randomRectangle(share: 0.25), .half(nil), .half(.top), .random(rate: 0.5),
    ]
    for mask in masks { #expect(try PixelMask(mask.description) == mask) }
    #expect(try PixelMask("band") == .band(rows: 3) && PixelMask("rectangle") == .randomRectangle(share: 0.3))
    for text in [
      "", "ring", "band:", "band:x", "band:1.5", "band:1,2", "rectangle:1,2", "rectangle:1,2,3,1e99", "random", "random:nan", "left:2", "Half",
    ] {
      #expect(throws: Fault.self, "\(text)") { try PixelMask(text) }
    }
  }

  @Test(
    "a mask that does not fit the image or hides nothing is refused",
    arguments: [
      PixelMask.band(rows: 0), .band(rows: 12), .rectangle(top: 10, left: 0, height: 3, width: 1), .rectangle(top: 0, left: -1, height: 3, width: 1),
      .rectangle(top: 0, left: 0, height: 0, width: 1), .rectangle(top: 1, left: 0, height: .max, width: 1), .randomRectangle(share: 0),
      .randomRectangle(share: 1.5), .random(rate: 0), .random(rate: 1.01),
    ])
  func refused(_ mask: PixelMask) {
    #expect(throws: Fault.self) { try mask.check(height: height, width: width) }
  }
}
