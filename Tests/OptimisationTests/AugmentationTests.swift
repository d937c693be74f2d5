import Modelling
import Optimisation
import Tensors
import Testing

@Suite("Augmentation of images")
struct AugmentationTests {
  private static let side = 41
  private static let picture = ImageSpace(height: side, width: side, channels: 2).picture

  private static func keys(_ rows: Range<Int>) -> RowKeys { RowKeys(RandomKey(seed: 6), rows: rows) }

  /// Images whose two channels are the column and the row of every pixel.
  private static func ramps(_ count: Int) -> Tensor {
    let one = (0..<side * side).map { Float($0 % side) } + (0..<side * side).map { Float($0 / side) }
    return Tensor(shape: [count, 2 * side * side], scalars: (0..<count).flatMap { _ in one })
  }

  /// A and b of every map p -> A p + b about the middle, read off what becomes of the ramps: interpolation leaves what is linear as it is.
  private static func maps(_ augmentation: Augmentation, count: Int) -> [(xx: Float, xy: Float, yx: Float, yy: Float, x: Float, y: Float)] {
    let (mapped, middle, area) = (augmentation(ramps(count), of: picture, keys: keys(0..<count)).scalars, side / 2, side * side)
    return (0..<count).map { item in
      func place(_ dx: Int, _ dy: Int) -> (x: Float, y: Float) {
        let pixel = 2 * item * area + (middle + dy) * side + middle + dx
        return (mapped[pixel] - Float(middle), mapped[pixel + area] - Float(middle))
      }
      let (origin, right, down) = (place(0, 0), place(4, 0), place(0, 4))
      return (
        (right.x - origin.x) / 4, (down.x - origin.x) / 4, (right.y - origin.y) / 4, (down.y - origin.y) / 4, origin.x, origin.y
      )
    }
  }

  @Test("a rotation turns by no more than its angle, both ways, and keeps lengths")
  func rotation() {
    let maps = Self.maps(Augmentation(rotation: 30), count: 60)
    for map in maps {
      #expect(abs(map.xx - map.yy) < 1e-4 && abs(map.xy + map.yx) < 1e-4 && abs(map.xx * map.xx + map.yx * map.yx - 1) < 1e-4)
      #expect(abs(map.x) < 1e-4 && abs(map.y) < 1e-4 && abs(map.yx) <= 0.5 + 1e-4)
    }
    #expect((maps.map(\.yx).max() ?? 0) > 0.4 && (maps.map(\.yx).min() ?? 0) < -0.4)
  }

  @Test("a scale stretches width and height each by its own share, a shear slants, a shift moves, and each leaves the rest")
  func others() {
    for map in Self.maps(Augmentation(scale: 0.2), count: 40) {
      #expect(abs(map.xx - 1) <= 0.2001 && abs(map.yy - 1) <= 0.2001 && abs(map.xy) + abs(map.yx) + abs(map.x) + abs(map.y) < 1e-3)
    }
    for map in Self.maps(Augmentation(shear: 0.3), count: 40) {
      #expect(abs(map.xy) <= 0.3001 && abs(map.xx - 1) + abs(map.yx) + abs(map.yy - 1) + abs(map.x) + abs(map.y) < 1e-3)
    }
    let shifts = Self.maps(Augmentation(shift: 3), count: 40)
    for map in shifts {
      #expect(abs(map.x) <= 3.001 && abs(map.y) <= 3.001 && abs(map.xx - 1) + abs(map.xy) + abs(map.yx) + abs(map.yy - 1) < 1e-3)
    }
    #expect((shifts.map(\.x).max() ?? 0) > 2 && (shifts.map(\.y).min() ?? 0) < -2)
    let mirrored = Self.maps(Augmentation(flip: true), count: 100).map(\.xx)
    #expect(mirrored.allSatisfy { abs(abs($0) - 1) < 1e-4 } && (30...70).contains(mirrored.count { $0 < 0 }))
  }

  @Test("beyond the image it is black, or as its edge; no pixel leaves the range of those before")
  func fill() {
    let picture = ImageSpace(height: 5, width: 4).picture
    let images = RandomKey(seed: 3).uniform([30, 20])
    let keys = Self.keys(0..<30)
    let all = Augmentation(rotation: 40, scale: 0.3, shear: 0.3, shift: 3, flip: true)
    for (fill, low) in [(Augmentation.Fill.zero, Float(0)), (.edge, images.scalars.min() ?? 0)] {
      var own = all
      own.fill = fill
      #expect(own(images, of: picture, keys: keys).scalars.allSatisfy { $0 >= low - 1e-6 && $0 <= (images.scalars.max() ?? 1) + 1e-6 })
    }
    let far = Augmentation(shift: 4000)
    let black = far(images, of: picture, keys: keys)
    #expect((0..<30).allSatisfy { row in black.gather([row]).scalars.allSatisfy { $0 == 0 } })
    var edge = far
    edge.fill = .edge
    let corners = edge(images, of: picture, keys: keys)
    for row in 0..<30 {
      let corner = corners.gather([row]).scalars[0]
      #expect(corners.gather([row]).scalars.allSatisfy { abs($0 - corner) < 1e-6 })
      #expect(images.gather([row]).scalars.contains { abs($0 - corner) < 1e-6 })
    }
  }

  @Test("an image's map hangs on its key, not on its neighbours, the threads or its channel's place")
  func alone() {
    defer { Parallelism.width = 1 }
    let augmentation = Augmentation(rotation: 15, scale: 0.15, shear: 0.2, shift: 2, flip: true)
    let images = RandomKey(seed: 5).uniform([12, 2 * Self.side * Self.side])
    let together = augmentation(images, of: Self.picture, keys: Self.keys(0..<12))
    Parallelism.width = 2
    #expect(augmentation(images, of: Self.picture, keys: Self.keys(0..<12)).scalars == together.scalars)
    for row in 0..<12 {
      let alone = augmentation(images.gather([row]), of: Self.picture, keys: Self.keys(row..<row + 1))
      #expect(alone.scalars == together.gather([row]).scalars)
    }
    #expect(augmentation(images, of: Self.picture, keys: RowKeys(RandomKey(seed: 7), rows: 0..<12)).scalars != together.scalars)
  }

  @Test("maps that change nothing, and items that are no images, are refused")
  func refused() {
    #expect { try Augmentation().validate() } throws: { ($0 as? Fault)?.field == "rotation" }
    #expect { try Augmentation(rotation: 1).check(.vector(4)) } throws: { ($0 as? Fault)?.field == "augmentation" }
    #expect(throws: Never.self) { try Augmentation(rotation: 1).check(.image(height: 3, width: 2)) }
  }
}
