import Distributions
import Families
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

@Suite("VAEAC")
struct VAEACTests {
  private let key = RandomKey(seed: 3)

  private func keys(_ n: Int) -> RowKeys { RowKeys(key, rows: 0..<n) }

  private func model(_ columns: [TableSpace.Column], _ configuration: VAEAC.Configuration = .init(latent: 3, hidden: 8, blocks: 2)) throws -> VAEAC {
    try VAEAC(configuration, signature: .table(columns), key: RandomKey(seed: 1))
  }

  private static let mixed: [TableSpace.Column] = [
    .init(name: "a", type: .real), .categorical("c", ["x", "y", "z"]), .init(name: "b", type: .real),
  ]

  @Test("twelve real columns make a network of the published size")
  func parameters() throws {
    let model = try VAEAC(.init(), signature: .vector(12), key: key)
    #expect(model.network.proposal.parameterCount == 700_288)
    #expect(model.network.prior.parameterCount == 697_216)
    #expect(model.network.generative.parameterCount == 1_467_992)
    #expect(model.network.parameterCount == 2_865_496)
  }

  @Test("the prior's regulariser has the value worked out by hand")
  func regulariser() {
    let prior = Normal(mean: Tensor(rows: [[3, -4]]), deviation: Tensor(rows: [[0.5, 2]]))
    #expect(abs(ArbitraryConditioning.regulariser(prior).scalar + 2.501_25e-4) < 1e-9)
  }

  @Test("the published raw deviation is one after softplus, and no deviation falls below its floor")
  func deviations() {
    #expect(abs(ArbitraryConditioning.deviation(Tensor(0.541_25), floor: 1e-4).scalar - 0.999_952_68) < 1e-6)
    #expect(ArbitraryConditioning.deviation(Tensor(-80), floor: 1e-3).scalar == 1e-3)
  }

  @Test("where nothing is hidden there is no likelihood, and the bound is the regulariser less the divergence")
  func nothingHidden() throws {
    let model = try model(Self.mixed)
    let x = Tensor(rows: [[0.3, 2, -1], [1, 0, 2]])
    let options = VAEAC.TrainingOptions(mask: [.mcar(0)])
    let objective = model.objective(model.network, batch: Batch(x), options: options, pass: .init(keys: keys(2), epoch: 0))
    let terms = Dictionary(uniqueKeysWithValues: objective.terms.map { ($0.name, Float($0.value)) })
    let (kl, regulariser) = (try #require(terms["kl_nats"]), try #require(terms["prior_regulariser"]))
    #expect(terms["reconstruction_nats"] == 0 && kl >= 0)
    #expect(abs(objective.loss.scalar - (kl - regulariser)) < 1e-6 && -objective.loss.scalar <= regulariser)
  }

  @Test("natively missing cells are always hidden and give no gradient, whatever stood there")
  func missingCells() throws {
    let model = try model(Self.mixed)
    let x = Tensor(rows: [[.nan, .nan, .nan], [.nan, .nan, .nan]])
    let (_, gradient) = valueAndGradient(at: model.network, loss: { (pair: Objective) in pair.loss }) { network, mode in
      model.objective(network, batch: Batch(x), options: .init(mask: [.mcar(0.5)]), pass: .init(mode: mode, keys: keys(2), epoch: 0))
    }
    #expect(gradient.module.generative.leaves.allSatisfy { $0.tensor.scalars.allSatisfy { $0 == 0 } })
    // A cell that is missing in one row has no say in the heads: the gradient of its column's mean comes from the other row alone.
    let heads = key.normal([2, model.coding.outputs]).watched()
    let some = Tensor(rows: [[.nan, 1, 0.5], [0.2, .nan, .nan]])
    let weights = Tensor.ones([2, 3]) - model.coding.missing(some)
    let slope = try #require(model.observation.logProbability(of: some, weights: weights, heads).sum().backward()[heads])
    let (means, logits) = (slope.slice(1, 0..<2), slope.slice(1, 4..<7))
    #expect(means.scalars[0] == 0 && means.scalars[1] != 0 && means.scalars[2] != 0 && means.scalars[3] == 0)
    #expect(logits.scalars[0..<3].contains { $0 != 0 } && logits.scalars[3..<6].allSatisfy { $0 == 0 })
  }

  @Test("a missing cell and a hidden one look alike to the prior network, and the hidden value does not reach it")
  func hiddenValues() throws {
    let model = try model(Self.mixed)
    let hidden = Tensor(rows: [[1, 1, 0]])
    let seen = [Tensor(rows: [[5, 2, 1]]), Tensor(rows: [[-5, 0, 1]]), Tensor(rows: [[.nan, .nan, 1]])].map {
      model.evidence(model.network, $0, hidden: hidden).prior.mean.scalars
    }
    #expect(seen[0] == seen[1] && seen[1] == seen[2])
  }

  @Test("the importance-weighted bound does not depend on the order of its draws")
  func permutedDraws() {
    let weights = key.normal([5, 3])
    let (there, back) = (iwaeBound(weights), iwaeBound(weights.gather([3, 0, 4, 2, 1])))
    for (a, b) in zip(there.scalars, back.scalars) { #expect(abs(a - b) < 1e-6) }
  }

  @Test("marginals are those of the mixture over latent draws")
  func mixture() {
    func mixtures(_ means: [[Double]], _ deviations: [[Double]]) -> NormalMixtures {
      NormalMixtures(parts: means.count, count: means[0].count) { part, ownMeans, ownDeviations, _ in
        for index in means[part].indices { (ownMeans[index], ownDeviations[index]) = (means[part][index], deviations[part][index]) }
      }
    }
    let one = mixtures([[1, 0]], [[2, 1]])
    #expect(abs(one.quantiles(0.95)[0] - 4.289_707_253_9) < 1e-9 && abs(one.quantiles(0.05)[0] + 2.289_707_253_9) < 1e-9)
    #expect(one.moments().deviations == [2, 1] && one.quantiles(0.5).count == 2)
    let two = mixtures([[-1], [3]], [[1], [1]])
    #expect(two.moments().means == [1] && abs(two.moments().deviations[0] - 5.0.squareRoot()) < 1e-12 && abs(two.quantiles(0.5)[0] - 1) < 1e-9)
  }

  @Test("what can't be built is refused by field")
  func refused() {
    func field(_ configuration: VAEAC.Configuration, _ signature: Signature) -> String? {
      do throws(Fault) {
        _ = try VAEAC(configuration, signature: signature, key: key)
        return nil
      } catch { return error.field }
    }
    #expect(field(.init(), .image(height: 2, width: 2)) == "signature.kind")
    #expect(field(.init(latent: 0), .vector(2)) == "latent")
    #expect(field(.init(hidden: 0), .vector(2)) == "hidden")
    #expect(field(.init(blocks: -1), .vector(2)) == "blocks")
    #expect(field(.init(deviationFloor: 0), .vector(2)) == "deviation_floor")
    // Of the configuration as a whole.
    #expect(field(.init(hidden: 65_536), .vector(2)) == "")
  }
}
