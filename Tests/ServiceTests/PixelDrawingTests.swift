import Families
import FamilyExamples
import Formats
import Modelling
import Service
import Tensors
import Testing

@Suite("Items that are drawn pixel by pixel")
struct PixelDrawingTests {
  /// 1 080 multiplications an image.
  private static let model = ModelFiles.encoded {
    try DeltaVAE(
      .init(.init(latent: 2), hidden: [3], channels: 2, layers: 1, kernel: 3), signature: .image(height: 4, width: 5), key: RandomKey(seed: 5))
  }

  private func fixture() throws -> ServiceFixture {
    var limits = ServiceLimits()
    limits.drawnMultiplications = 5_500
    let fixture = try ServiceFixture(limits: limits)
    try fixture.publish(Self.model, as: "pixels")
    return fixture
  }

  private func rows(_ row: String, _ count: Int) -> String { "[\([String](repeating: row, count: count).joined(separator: ","))]" }

  @Test("are no more in one request than the work allows, and the refusal says how many that is")
  func limits() async throws {
    let fixture = try fixture()
    let image = rows(rows("1", 5), 4)
    for (path, few, many) in [
      ("sample", #"{"n": 5}"#, #"{"n": 6}"#),
      ("reconstruct", #"{"inputs": \#(rows(image, 5))}"#, #"{"inputs": \#(rows(image, 6))}"#),
      ("decode", #"{"inputs": \#(rows("[0.5, 1]", 5))}"#, #"{"inputs": \#(rows("[0.5, 1]", 6))}"#),
    ] {
      #expect(try await fixture.post("/v1/models/pixels/\(path)", json: few).status == 200, "\(path)")
      let refused = try await fixture.post("/v1/models/pixels/\(path)", json: many)
      #expect(refused.status == 422 && refused.text.contains("1 to 5"), "\(path): \(refused.text)")
    }
    // Scores take whole images at once.
    #expect(try await fixture.post("/v1/models/pixels/score", json: #"{"inputs": \#(rows(image, 6))}"#).status == 200)
  }

  @Test("have no audits and no codec")
  func refusals() async throws {
    let fixture = try fixture()
    for path in ["robustness", "compress"] {
      let answer = try await fixture.post("/v1/models/pixels/\(path)", json: #"{"inputs": \#(rows(rows(rows("1", 5), 4), 1))}"#)
      #expect((400..<500).contains(answer.status) && answer.text.contains("delta_vae"), "\(path): \(answer.text)")
    }
  }
}
