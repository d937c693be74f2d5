internal import Formats
internal import Modelling
internal import Tensors

/// What a request has under `given`: {}, {"label": c}, {"cluster": k, "layer": l} or {"layers": [{"from_item": i}, {"cluster": k}, {}, ...]}.
package struct SampleGiven: Sendable, Decodable {
  /// Where a layer's latent variables come from.
  enum Source: Sendable {
    case prior
    case component(Int)
    /// An item that came with the request, by its place.
    case item(Int)
  }

  private enum Content: Sendable {
    case nothing
    case label(String)
    case component(Int, layer: Int?)
    case layers([Source])
  }
  private let content: Content

  static let nothing = SampleGiven(content: .nothing)

  private init(content: Content) { self.content = content }

  private enum Key: String, CodingKey { case label, cluster, layer, layers }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    // A class called 3 may be written as a number.
    let label = try? fields.decodeIfPresent(Int.self, forKey: .label).map(String.init)
    let name = try label ?? fields.decodeIfPresent(String.self, forKey: .label)
    let cluster = try fields.decodeIfPresent(Int.self, forKey: .cluster)
    let layer = try fields.decodeIfPresent(Int.self, forKey: .layer)
    let layers = try fields.decodeIfPresent([LayerGiven].self, forKey: .layers)
    func refuse(_ field: String, _ given: String, _ expected: String) -> JSONError {
      JSONError(.mismatch, field: field, given: given, expected: expected)
    }
    let named = [("a label", name != nil), ("a cluster", cluster != nil), ("layers", layers != nil)].filter(\.1).map(\.0)
    guard named.count <= 1 else { throw refuse("given", named.joined(separator: " and "), "one of them") }
    guard layer == nil || cluster != nil else {
      throw refuse("given.layer", "a layer \(named.first.map { "beside " + $0 } ?? "without a cluster")", "a cluster beside it")
    }
    if let name {
      content = .label(name)
    } else if let cluster {
      content = .component(cluster, layer: layer)
    } else {
      content = layers.map { .layers($0.map(\.source)) } ?? .nothing
    }
  }

  /// Whether a layer takes after an item.
  var needsItems: Bool {
    guard case .layers(let sources) = content else { return false }
    return sources.contains { if case .item = $0 { true } else { false } }
  }

  /// Refuses what no model of this family and signature can be conditioned on; what is left, the family itself refuses.
  func check(_ model: any ModelFamily) throws(Fault) {
    switch content {
    case .nothing: break
    case .label(let name):
      guard let classes = model.signature.classes else {
        throw Fault(field: "given.label", given: "\"\(name.prefix(60))\"", expected: "no label: this model knows no class")
      }
      guard classes.contains(name) else {
        throw Fault(field: "given.label", given: "\"\(name.prefix(60))\"", expected: "one of \(Items.list(classes))")
      }
    case .component(let component, let layer):
      let counts = Capability.clustering.of(model)?.componentCounts ?? []
      if let layer, !counts.indices.contains(layer), !counts.isEmpty {
        throw Fault(field: "given.layer", given: "\(layer)", expected: counts.count == 1 ? "0, the only layer" : "0 to \(counts.count - 1)")
      }
      guard layer != nil || counts.count <= 1 else {
        throw Fault(field: "given.layer", given: "nothing", expected: "0 to \(counts.count - 1): every layer has clusters of its own")
      }
      try Self.check(component, field: "given.cluster", counts: counts, layer: layer ?? 0)
    case .layers(let sources):
      let widths = Capability.encoding.of(model)?.latentWidths ?? []
      guard !widths.isEmpty else {
        throw Fault(field: "given.layers", given: "there", expected: "no such field: this model has no layers to tell apart")
      }
      guard sources.count == widths.count else {
        throw Fault(
          field: "given.layers", given: "\(sources.count) of them", expected: "\(widths.count), the layer nearest the data first; {} for its prior")
      }
      for (layer, source) in sources.enumerated() {
        guard case .component(let component) = source else { continue }
        let counts = Capability.clustering.of(model)?.componentCounts ?? []
        try Self.check(component, field: "given.layers[\(layer)].cluster", counts: counts, layer: layer)
      }
    }
  }

  private static func check(_ component: Int, field: String, counts: [Int], layer: Int) throws(Fault) {
    guard counts.indices.contains(layer) else {
      throw Fault(field: field, given: "\(component)", expected: "no such field: this model has no clusters")
    }
    guard (0..<counts[layer]).contains(component) else {
      throw Fault(field: field, given: "\(component)", expected: "0 to \(counts[layer] - 1), the clusters of layer \(layer)")
    }
  }

  /// With the items that it names in place of their numbers.
  func condition(_ items: Items, _ signature: Signature) throws(Fault) -> SampleCondition {
    guard items.count == 0 || needsItems else {
      throw Fault(
        field: "inputs", given: "items that nothing takes after", expected: "a layer with from_item in given.layers, or no items")
    }
    switch content {
    case .nothing: return .nothing
    case .label(let name): return .label(name)
    case .component(let component, let layer): return .component(component, layer: layer)
    case .layers(let sources):
      let model = items.count == 0 ? items.raw : signature.toModel(items.raw)
      var resolved: [LayerSource] = []
      for (layer, source) in sources.enumerated() {
        switch source {
        case .prior: resolved.append(.prior)
        case .component(let component): resolved.append(.component(component))
        case .item(let index):
          let field = "given.layers[\(layer)].from_item"
          guard items.count > 0 else {
            throw Fault(field: "inputs", given: "nothing", expected: "the items that \(field) names, as inputs, rows or a body of their own")
          }
          let count = items.count
          guard (0..<count).contains(index) else {
            throw Fault(field: field, given: "\(index)", expected: count == 1 ? "0, the only item" : "0 to \(count - 1), the items sent")
          }
          resolved.append(.item(model.slice(0, index..<index + 1).scalars))
        }
      }
      return .layers(resolved)
    }
  }
}

/// An entry of `given.layers`.
private struct LayerGiven: Decodable {
  let source: SampleGiven.Source

  private enum Key: String, CodingKey {
    case cluster
    case fromItem = "from_item"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    let cluster = try fields.decodeIfPresent(Int.self, forKey: .cluster)
    let item = try fields.decodeIfPresent(Int.self, forKey: .fromItem)
    switch (cluster, item) {
    case (nil, nil): source = .prior
    case (let cluster?, nil): source = .component(cluster)
    case (nil, let item?): source = .item(item)
    case (.some, .some):
      throw JSONError(.mismatch, field: "given.layers", given: "a layer with cluster and from_item", expected: "one of them")
    }
  }
}
