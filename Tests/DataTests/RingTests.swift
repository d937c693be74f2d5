import Data
import Formats
import Modelling
import Tensors
import Testing

@Suite("Ring")
struct RingTests {
  @Test("eight distinct modes stand on a circle of radius 2, an eighth of a turn apart")
  func modes() {
    let centres = Ring.modes.centres
    #expect(centres.count == 8 && Set(centres).count == 8)
    for (here, next) in zip(centres, centres.dropFirst() + [centres[0]]) {
      #expect(abs(here[0] * here[0] + here[1] * here[1] - 4) < 1e-5)
      // 4 cos π/4, 4 sin π/4
      #expect(abs(here[0] * next[0] + here[1] * next[1] - 2.828_427) < 1e-5)
      #expect(abs(here[0] * next[1] - here[1] * next[0] - 2.828_427) < 1e-5)
    }
  }

  @Test("every mode is as likely as another, and points scatter about it by 0.02 in either direction")
  func points() {
    let ring = Ring(.train)
    let (codes, scalars) = (ring.codes, ring.points.scalars)
    var squares = [0.0, 0.0]
    for (place, code) in codes.enumerated() {
      for axis in 0..<2 {
        let difference = Double(scalars[2 * place + axis] - Ring.modes.centres[code][axis])
        squares[axis] += difference * difference
      }
      #expect(Ring.modes.nearest(to: scalars[2 * place..<2 * place + 2]).mode == code)
    }
    for square in squares { #expect(abs((square / Double(ring.count)).squareRoot() - 0.02) < 4 * 0.02 / Double(2 * ring.count).squareRoot()) }
    for mode in 0..<8 { #expect(abs(codes.count { $0 == mode } - ring.count / 8) < 4 * 85) }
  }

  @Test("a smaller set is the beginning of a larger one, the splits differ, and the points are the same everywhere")
  func splits() throws {
    let whole = try DataSource(source: "ring").load(withLabels: true)
    let part = try DataSource(source: "ring", limit: 500).load(withLabels: true)
    #expect(whole.count == 65_536 && part.count == 500 && part.raw([0, 499]).scalars == whole.raw([0, 499]).scalars)
    #expect(part.labels?.codes == Array(Ring(.train).codes.prefix(500)) && part.labels?.names.count == 8)
    let test = try DataSource(source: "ring", split: .test).load()
    #expect(test.count == 8_192 && test.digest != whole.digest && test.raw([0]).scalars != whole.raw([0]).scalars)
    var bytes: [UInt8] = []
    FloatBytes.append(Array(Ring(.train).points.scalars.prefix(2000)), to: &bytes)
    #expect(SHA256.digest(bytes).description == "sha256:de8304117aa5885a9b05a6f0b173dddbd66fa9ca94788846815b7099efb0f918")
    #expect(throws: DataError.self) { try DataSource(source: "ring", range: [0, 1]).load() }
  }

  @Test("models learn from the points as they are")
  func units() throws {
    let data = try DataSource(source: "ring", limit: 64).load()
    #expect(data.standardised(over: Array(0..<64)).batch(0..<64).scalars == data.raw(0..<64).scalars)
  }
}
