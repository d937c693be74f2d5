import Data
import Evaluation
import Families
import Formats
import ModelFiles
import Modelling
import Networks
import Tensors
import Testing

@Suite("Use of maps of codes")
struct CodeUseTests {
  private let key = RandomKey(seed: 8)

  private func data(_ model: RRVQ, _ n: Int) -> DataSet {
    let x = key.uniform([n, model.signature.width]).scalars.map { ($0 * 255).rounded() }
    return DataSet(name: "noise", rows: FloatRows(x, width: model.signature.width), signature: model.signature, digest: SHA256.digest([]))
  }

  @Test("perplexity and codes in use are those of the likeliest codes; rate and distortion are the two parts of the bound", arguments: [1, 2])
  func use(_ layers: Int) throws {
    var model = try RRVQ(
      .init(strides: [Int](repeating: 2, count: layers), codes: 5, codeWidth: 3, channels: 4), signature: .image(height: 4, width: 4), key: key)
    // One code of the top layer outweighs all others.
    model.network.down[layers - 1].codebook.logWeights?.update { $0[3] = 1000 }
    let (data, n) = (data(model, 300), 300)
    let use = try #require(CodeUseEvaluation(of: model, on: data, seed: 3))
    #expect(use.layers.count == layers && use.layers[0].places == 4 && use.layers.allSatisfy { $0.choices == 5 })
    #expect(use.layers[layers - 1].perplexity == 1 && use.layers[layers - 1].used == 1)
    if layers == 2 { #expect(use.layers[0].perplexity > 1 && use.layers[0].used > 1 && use.layers[0].perplexity <= Double(use.layers[0].used)) }
    let x = data.batch(0..<n)
    let elbo = model.score(x, draws: 1, keys: RowKeys(RandomKey(seed: 3), rows: 0..<n))[.elbo].scalars.reduce(0.0) { $0 + Double($1) } / Double(n)
    #expect(abs(-use.rate.mean - use.distortion.mean - elbo) < 1e-3)
    #expect(abs(use.layers.reduce(0) { $0 + $1.kl.mean } - use.rate.mean) < 1e-4)
    #expect(use.metrics.map(\.name).contains("layer_0.perplexity") && use.lines.last?.contains("of 5 codes at") == true)
  }

  @Test("a model of one code an item has a bound and no importance-weighted one")
  func nearest() throws {
    let model = try RRVQ(
      .init(strides: [2, 2], codes: 5, codeWidth: 3, channels: 4, quantiser: .nearest), signature: .image(height: 4, width: 4), key: key)
    let data = data(model, 40)
    let likelihood = LikelihoodEvaluation(of: model, on: data, draws: 7, seed: 3)
    #expect(likelihood.lines.last?.hasSuffix("by the ELBO") == true && likelihood.metrics.map(\.name).contains("elbo_bits_per_dim"))
    #expect(!likelihood.metrics.map(\.name).contains("iwae_nats"))
    #expect(CodeUseEvaluation(of: model, on: data, seed: 3) != nil)
  }
}
