import Benchmarking
import Families
import Formats
import Foundation
import Modelling
import Service
import Tensors

/// A server's model as far as a load has to know it: what items look like, and a network of the same shape with other weights.
struct BenchedModel {
  /// name@version.
  let reference: String
  let digest: Digest
  let model: LoadedModel
}

extension BenchedModel {
  init(named reference: String, on subject: LoadSubject) async throws {
    let segment = reference.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? reference
    let exchange = try await subject.get("/v1/models/\(segment)")
    let document = try? JSONValue(parsing: exchange.body)
    guard exchange.status == 200, let document else {
      let detail = if case .string(let detail) = document?["detail"] { detail } else { "status \(exchange.status)" }
      throw CommandError("\(subject.destination) shows no model \"\(reference)\": \(detail)")
    }
    guard case .string(let name) = document["name"], case .integer(let version) = document["version"], case .string(let text) = document["digest"],
      let digest = Digest(text), case .string(let family) = document["family"], let configuration = document["configuration"],
      let signature = document["signature"]
    else { throw CommandError("\(subject.destination) describes \"\(reference)\" without version, digest, family, configuration or signature.") }
    guard let family = Catalogue.families.first(where: { $0.name == family }) else {
      throw CommandError("\(reference) is of the family \(family), which this build doesn't know.")
    }
    let outline = try Self.outline(family, configuration, try StrictJSON.decode(Signature.self, from: signature))
    self.init(reference: "\(name)@\(version)", digest: digest, model: LoadedModel(family: outline, digest: digest))
  }

  private static func outline<Family: ModelFamily>(_: Family.Type, _ configuration: JSONValue, _ signature: Signature) throws -> any ModelFamily {
    try Family(StrictJSON.decode(Family.Configuration.self, from: configuration), signature: signature, key: RandomKey(seed: 0))
  }

  /// Plausible items, in raw units: [count, width]; with `holes` half of all cells, at random, are missing.
  func items(_ count: Int, seed: Int, holes: Bool) throws -> [Float] {
    guard model.signature.space.tokens == nil else {
      throw CommandError("\(reference) takes texts: send them with --path and --body. A load of samples can be made here.")
    }
    let keys = RowKeys(RandomKey(seed: UInt64(seed)), rows: 0..<count)
    let rows = try Capability.sampling.of(model.family)?.sample(keys, SampleOptions()) ?? keys.uniform(model.signature.width)
    let space = model.signature.space
    // Scaling may round beyond the range, which the server would refuse.
    var scalars = space.bounded(space.toRaw(rows)).scalars
    // Any category does, and any count: the first one.
    for column in 0..<space.width where space.type(at: column).isDiscrete || space.type(at: column) == .count {
      for cell in stride(from: column, to: scalars.count, by: space.width) { scalars[cell] = space.bounds(at: column).minimum ?? 0 }
    }
    guard holes else { return scalars }
    return zip(scalars, keys.split("holes").uniform(model.signature.width).scalars).map { $1 < 0.5 ? .nan : $0 }
  }

  /// Codes, drawn from N(0, I) or from all classes alike, without scales and probabilities: [count, numbers of a code].
  func codes(_ count: Int, seed: Int) -> [Float] {
    guard let layout = model.codes else { return [] }
    let width = layout.signature.width
    var scalars = RowKeys(RandomKey(seed: UInt64(seed)), rows: 0..<count).normal(width).scalars
    for layer in layout.layers {
      for row in 0..<count {
        if let choices = layer.form.choices {
          for cell in row * width + layer.values.lowerBound..<row * width + layer.values.upperBound {
            scalars[cell] = (scalars[cell].magnitude * 1000).truncatingRemainder(dividingBy: Float(choices)).rounded(.down)
          }
        }
        for cell in layer.spread { scalars[row * width + cell] = .nan }
      }
    }
    return scalars
  }
}
