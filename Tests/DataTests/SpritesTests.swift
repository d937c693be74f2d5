import Data
import Formats
import Modelling
import Tensors
import Testing

@Suite("Sprites")
struct SpritesTests {
  private func area(_ values: [Int]) -> Int { Sprites.image(Sprites.number(of: values)).count { $0 == 255 } }

  @Test("every number has its own factors, and they lead back to it")
  func factors() {
    #expect(Sprites.total == 737_280 && Sprites.factors.map(\.count) == [3, 6, 40, 32, 32])
    for number in stride(from: 0, to: Sprites.total, by: 997) { #expect(Sprites.number(of: Sprites.factors(of: number)) == number) }
    #expect(Sprites.factors(of: 0) == [0, 0, 0, 0, 0] && Sprites.factors(of: Sprites.total - 1) == [2, 5, 39, 31, 31])
    #expect(Sprites.factors(of: 33) == [0, 0, 0, 1, 1])
  }

  @Test("the bytes of the pictures are the same everywhere")
  func bytes() {
    var hash = SHA256()
    for number in stride(from: 0, to: Sprites.total, by: 1009) { hash.update(Sprites.image(number)) }
    #expect(hash.finalize().description == "sha256:c1ddf1757c19f54487d2a9289b903f7b5728e2a3ce5fe66839e1265623b09f93")
  }

  @Test("a shape keeps its area wherever it stands, nearly so whatever its angle, and grows with the square of its scale", arguments: 0..<3)
  func areas(_ shape: Int) {
    let areaAtRest = area([shape, 5, 0, 16, 16])
    // 21², 14 · 8 · pi, (4 + pi) 7.5²
    #expect(abs(areaAtRest - [441, 352, 402][shape]) < 12)
    for (x, y) in [(0, 0), (31, 0), (0, 31), (31, 31), (7, 22)] { #expect(area([shape, 5, 0, x, y]) == areaAtRest) }
    for angle in 0..<40 { #expect(abs(area([shape, 5, angle, 16, 16]) - areaAtRest) <= areaAtRest / 8, "angle \(angle)") }
    for scale in 0..<6 {
      let ratio = Double(area([shape, scale, 3, 16, 16])) / Double(area([shape, 5, 3, 16, 16]))
      let side = Double(5 + scale) / 10
      #expect(abs(ratio - side * side) < 0.06, "scale \(scale): \(ratio)")
    }
  }

  @Test("a step in a position moves the picture by a pixel")
  func positions() {
    for shape in 0..<3 {
      let (here, right, below) = (
        Sprites.image(Sprites.number(of: [shape, 4, 7, 10, 10])), Sprites.image(Sprites.number(of: [shape, 4, 7, 11, 10])),
        Sprites.image(Sprites.number(of: [shape, 4, 7, 10, 11]))
      )
      #expect(Array(right.dropFirst()) == Array(here.dropLast()) && Array(below.dropFirst(64)) == Array(here.dropLast(64)))
    }
  }

  @Test("a square repeats itself every quarter turn, an ellipse every half and a heart never")
  func symmetries() {
    for (shape, period) in [(0, 10), (1, 20), (2, 40)] {
      let images = (0..<40).map { Sprites.image(Sprites.number(of: [shape, 5, $0, 16, 16])) }
      #expect(Set(images).count == period)
      for angle in 0..<40 { #expect(images[angle] == images[angle % period]) }
    }
  }

  @Test("both splits together hold every sprite once; a smaller set is the beginning of a larger one")
  func splits() throws {
    let (train, test) = (Sprites(.train), Sprites(.test))
    #expect(train.count + test.count == Sprites.total && test.count == 73_728)
    let all = Set((0..<train.count).map(train.number)).union((0..<test.count).map(test.number))
    #expect(all.count == Sprites.total)
    let whole = try DataSource(source: "sprites").load()
    let part = try DataSource(source: "sprites", limit: 500).load()
    #expect(whole.count == train.count && part.count == 500 && part.signature == .image(height: 64, width: 64))
    #expect(part.raw([0, 499]).scalars == whole.raw([0, 499]).scalars)
    #expect(part.raw([3]).scalars == Sprites.image(train.number(at: 3)).map(Float.init))
    // The first of them are a sample of all: every value of every factor is among them, none twice as often as it should be.
    let factors = (0..<4096).map { Sprites.factors(of: train.number(at: $0)) }
    for (place, factor) in Sprites.factors.enumerated() {
      let counts = (0..<factor.count).map { value in factors.count { $0[place] == value } }
      #expect(counts.allSatisfy { (1024 / factor.count..<8192 / factor.count).contains($0) }, "\(factor.name): \(counts)")
    }
    #expect(try DataSource(source: "sprites", split: .test).load().digest != whole.digest)
    #expect(throws: DataError.self) { try DataSource(source: "sprites", range: [0, 1]).load() }
    let labels = try DataSource(source: "sprites", limit: 20).load(withLabels: true).labels
    #expect(labels?.names == ["square", "ellipse", "heart"] && labels?.codes == (0..<20).map { Sprites.factors(of: train.number(at: $0))[0] })
  }
}
