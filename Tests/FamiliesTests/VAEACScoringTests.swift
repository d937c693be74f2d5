import Distributions
import Families
import Foundation
import Modelling
import Networks
import Tensors
import Testing

@Suite("Conditional scores of VAEAC")
struct VAEACScoringTests {
  private let keys = RowKeys(RandomKey(seed: 3), rows: 0..<2)
  private static let columns: [TableSpace.Column] = [
    .init(name: "a", type: .real), .categorical("c", ["x", "y", "z"]), .init(name: "b", type: .real),
  ]

  private func model(scale: [Float] = [1, 1, 1], deviation: VAEAC.Configuration.Deviation = .learned) throws -> VAEAC {
    try VAEAC(
      .init(latent: 2, hidden: 8, blocks: 1, deviation: deviation),
      signature: .table(Self.columns, scaling: .init(offset: [0, 0, 0], scale: scale)), key: RandomKey(seed: 1))
  }

  private let x = Tensor(rows: [[0.3, 2, -1], [1, 0, 2]])

  private func scores(_ model: VAEAC, _ targets: [Float], draws: Int = 4, _ estimator: ConditionalEstimator = .proposal, x: Tensor? = nil) -> Scores {
    model.score(x ?? self.x, targets: Tensor(rows: [targets, targets]), draws: draws, estimator: estimator, keys: keys)
  }

  @Test("a network of zeros gives each column's own distribution, by both estimators")
  func zeros() throws {
    var model = try model(deviation: .fixed)
    model.network = model.network.mapping { _, tensor in tensor * 0 }
    // ln N(0.3; 0, 1) and ln 1/3: the heads are 0, and prior and proposal agree.
    let normal = -0.5 * 0.3 * 0.3 - 0.5 * log(2 * Float.pi)
    for estimator in ConditionalEstimator.allCases {
      let scores = scores(model, [1, 1, 0], estimator)
      for value in [scores[.iwae], scores[.elbo], scores[.reconstruction]] { #expect(abs(value.scalars[0] - (normal - log(Float(3)))) < 1e-5) }
      #expect(scores[.kl].scalars.allSatisfy { abs($0) < 1e-6 })
    }
  }

  @Test("densities are of raw units: a real target loses the logarithm of its scale, a category nothing")
  func units() throws {
    let (plain, scaled) = (try model(), try model(scale: [10, 1, 0.5]))
    for (targets, loss) in [([1, 1, 1], log(Float(5))), ([1, 0, 0], log(Float(10))), ([0, 1, 0], 0), ([0, 0, 1], log(Float(0.5)))]
      as [([Float], Float)]
    {
      let (a, b) = (scores(plain, targets), scores(scaled, targets))
      for (one, other) in [(a[.iwae], b[.iwae]), (a[.elbo], b[.elbo]), (a[.reconstruction], b[.reconstruction])] {
        #expect(zip(one.scalars, other.scalars).allSatisfy { abs($0 - $1 - loss) < 1e-4 }, "\(targets)")
      }
    }
  }

  @Test("a missing target is not scored, and without targets there is nothing to explain")
  func missingTargets() throws {
    let model = try model()
    let holes = Tensor(rows: [[.nan, 2, -1], [.nan, 0, 2]])
    let (both, one) = (scores(model, [1, 1, 0], x: holes), scores(model, [0, 1, 0], x: holes))
    #expect(both[.reconstruction].scalars == one[.reconstruction].scalars && both[.iwae].scalars == one[.iwae].scalars)
    let none = scores(model, [0, 0, 0])
    #expect(none[.reconstruction].scalars == [0, 0] && none[.kl].scalars.allSatisfy { $0 >= 0 })
    #expect(scores(model, [0, 0, 0], .prior)[.iwae].scalars.allSatisfy { abs($0) < 1e-6 })
  }

  @Test("the prior's estimator does not look at the targets when it draws")
  func priorDraws() throws {
    let model = try model()
    // p(b | z, ...) of one draw at two values of b: a quadratic in b, if z stayed where it was.
    func value(_ b: Float) -> Float { scores(model, [0, 0, 1], draws: 1, .prior, x: Tensor(rows: [[0.3, 2, b], [1, 0, b]]))[.iwae].scalars[0] }
    let (low, middle, high, further) = (value(-1), value(0), value(1), value(2))
    #expect(abs((further - 2 * high + middle) - (high - 2 * middle + low)) < 1e-4)
  }
}
