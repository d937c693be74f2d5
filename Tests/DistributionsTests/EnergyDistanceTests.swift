import Distributions
import Tensors
import Testing

@Suite("Energy distance")
struct EnergyDistanceTests {
  @Test("between two points it is twice their distance, and of a sample to itself 0")
  func points() {
    #expect(abs(energyDistance(Tensor(shape: [1, 2], scalars: [0, 0]), Tensor(shape: [1, 2], scalars: [3, 4])) - 10) < 1e-5)
    let x = RandomKey(seed: 1).normal([50, 3])
    #expect(energyDistance(x, x) == 0)
  }

  @Test("of N(0, 1) and N(1, 1) it is .5418, of two samples of one distribution next to nothing")
  func normals() {
    let (x, y) = (RandomKey(seed: 1).normal([2000, 1]), RandomKey(seed: 2).normal([2000, 1]))
    // x - y ~ N(1, 2): E|x - y| = 2/√π e^-¼ + 1 - 2 Φ(-1/√2) = 1.399278; E|x - x'| = 2/√π = 1.128379.
    #expect(abs(energyDistance(x, y + 1) - 0.541_798) < 0.06)
    #expect((0..<0.01).contains(energyDistance(x, y)))
  }
}
