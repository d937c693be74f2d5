internal import Formats
internal import Models

/// What a request has under `given`: {}, {"label": c} or {"cluster": k, "layer": l}.
struct SampleGiven: Decodable {
  let condition: SampleCondition

  private enum Key: String, CodingKey { case label, cluster, layer }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    // A class called 3 may be written as a number.
    let label = try? fields.decodeIfPresent(Int.self, forKey: .label).map(String.init)
    let name = try label ?? fields.decodeIfPresent(String.self, forKey: .label)
    let cluster = try fields.decodeIfPresent(Int.self, forKey: .cluster)
    let layer = try fields.decodeIfPresent(Int.self, forKey: .layer)
    switch (name, cluster) {
    case (nil, nil):
      guard layer == nil else { throw JSONError(.mismatch, field: "given.layer", given: "a layer without a cluster", expected: "a cluster beside it") }
      condition = .nothing
    case (let name?, nil):
      guard layer == nil else { throw JSONError(.mismatch, field: "given.layer", given: "a layer beside a label", expected: "a label alone") }
      condition = .label(name)
    case (nil, let cluster?): condition = .component(cluster, layer: layer)
    case (.some, .some): throw JSONError(.mismatch, field: "given", given: "a label and a cluster", expected: "one of them")
    }
  }
}
