import Families
import Formats
import HTTP
import ModelFiles
import Modelling
import Service
import Tensors
import Testing

@Suite("An unrolled GAN over HTTP")
struct UnrolledGANTests {
  private let fixture: ServiceFixture

  init() throws {
    fixture = try ServiceFixture(models: false)
    let model = try UnrolledGAN(.init(latent: 4, hidden: [8]), signature: .vector(2), key: RandomKey(seed: 1))
    try fixture.publish(ModelFile.encode(model, provenance: Provenance(seed: 1)), as: "ring")
  }

  @Test("samples are answered, and fewer are the first of more")
  func sample() async throws {
    func samples(_ n: Int) async throws -> [Float] {
      let answer = try await fixture.post("/v1/models/ring/sample", json: #"{"n": \#(n), "seed": 3}"#, accept: "application/octet-stream")
      #expect(answer.status == 200, "\(answer.text)")
      return try #require(FloatBytes.decode(answer.body))
    }
    let many = try await samples(5)
    #expect(many.count == 10)
    #expect(try await samples(2) == Array(many.prefix(4)))
  }

  @Test("it has no likelihood: a score is refused with what it can do")
  func score() async throws {
    let answer = try await fixture.post("/v1/models/ring/score", json: #"{"inputs": [[0, 0]]}"#)
    #expect(answer.status == 422, "\(answer.text)")
    #expect(answer.text.contains("The family unrolled_gan can't score; it can sample."))
    #expect(try answer.member("operations") == .strings(["sample"]))
  }
}
