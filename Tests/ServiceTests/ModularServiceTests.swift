import Families
import Formats
import Foundation
import HTTP
import Modelling
import Networks
import Service
import Tensors
import Testing

@Suite("Classifying by modules")
struct ModularServiceTests {
  private static let model: Modular = {
    var signature = Signature.vector(3)
    signature.classes = ["cat", "dog, or wolf"]
    do {
      var model = try Modular(.init(modules: [4, 3], units: [5], slots: 2), signature: signature, key: RandomKey(seed: 12))
      model.network = model.network.mapping { $1 * 4 }
      return model
    } catch { preconditionFailure("\(error)") }
  }()

  private static func fixture() throws -> ServiceFixture {
    let fixture = try ServiceFixture.clustering()
    try fixture.publish(ModelFiles.encoded { model }, as: "modules")
    return fixture
  }

  private static let items: [Float] = (0..<30).map { Float(($0 * 7919) % 211) / 50 - 2 }

  private static var raw: [UInt8] {
    var bytes: [UInt8] = []
    FloatBytes.append(items, to: &bytes)
    return bytes
  }

  @Test("JSON says which modules every item went through and how likely they were; the other formats are those of any classifier")
  func modules() async throws {
    let fixture = try Self.fixture()
    let target = "/v1/models/modules/classify"
    let answer = try await fixture.post(target, Self.raw, type: "application/octet-stream")
    #expect(answer.status == 200, "\(answer.text)")
    let (logits, modules) = Self.model.classify(Tensor(shape: [10, 3], scalars: Self.items))
    let p = logits.softmax().scalars
    let found = try answer.member("items")?.elements ?? []
    #expect(found.count == 10)
    var seen: Set<String> = []
    for (row, item) in found.enumerated() {
      let best = p[2 * row] >= p[2 * row + 1] ? 0 : 1
      #expect(item["component"]?.integer == best && item["label"]?.string == ["cat", "dog, or wolf"][best])
      let layers = item["modules"]?.elements ?? []
      #expect(layers.map { $0["layer"]?.integer } == [0, 1])
      for (layer, own) in zip(layers, modules[row]) {
        #expect(layer["modules"]?.elements.compactMap(\.integer) == own.modules)
        let told = layer["probabilities"]?.elements.compactMap(\.double) ?? []
        #expect(told.count == 2 && zip(told, own.probabilities).allSatisfy { abs($0 - Double($1)) < 1e-6 })
      }
      seen.insert("\(modules[row].map(\.modules))")
    }
    #expect(seen.count > 1, "items go different ways")
    let floats = try await fixture.post(target, Self.raw, type: "application/octet-stream", accept: "application/octet-stream")
    #expect(FloatBytes.decode(floats.body) == p)
    let csv = try await fixture.post(target, Self.raw, type: "application/octet-stream", accept: "text/csv")
    #expect(csv.text.hasPrefix("label,component,probability,entropy,p_cat,\"p_dog, or wolf\"\r\n") && !csv.text.contains("modules"))
    // A classifier without modules says nothing of them.
    let other = try await fixture.post("/v1/models/classifier/classify", Self.raw, type: "application/octet-stream")
    #expect(other.status == 200 && !other.text.contains("modules"))
  }

  @Test("an item's answer is the same alone, and what the family can't is refused with what it can")
  func aloneAndRefused() async throws {
    let fixture = try Self.fixture()
    let target = "/v1/models/modules/classify"
    let all = try await fixture.post(target, Self.raw, type: "application/octet-stream").member("items")?.elements ?? []
    for row in [0, 6] {
      let one = try await fixture.post(target, json: #"{"inputs": [\#(Self.items[3 * row..<3 * row + 3].map { $0 })]}"#)
      #expect(try one.member("items")?.elements == [all[row]])
    }
    for operation in ["cluster", "sample", "score", "encode"] {
      let refused = try await fixture.post("/v1/models/modules/\(operation)", json: #"{"inputs": [[1, 2, 3]]}"#)
      #expect(refused.status == 422 && refused.text.contains("The family modular can't \(operation); it can classify."), "\(refused.text)")
    }
  }
}
