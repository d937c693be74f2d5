internal import Formats
package import Modelling
internal import Tensors

/// What a request has under `given`: {}, {"label": c}, {"cluster": k, "layer": l}, {"layers": [{"from_item": i}, {"cluster": k}, {}, ...]}, a label
/// or a cluster with layers beside it, or {"text": t}.
package struct SampleGiven: Settings {
  package var label: ClassName?
  package var cluster: Int?
  package var layer: Int?
  package var layers: [LayerGiven]?
  package var text: String?

  package init() {}

  package static let table = Table<Self> {
    Setting("label", \.label, "A class that the model knows.")
    Setting("cluster", \.cluster, in: 0..., "A component, from 0.")
    Setting("layer", \.layer, in: 0..., "Of the component; needed where a model has several layers with a mixture.")
    Setting("layers", \.layers, "One entry a layer, the layer nearest the data first; an empty object is its prior.")
    Setting("text", \.text, "What texts go on from; the answer has what follows it.")
  }

  package func check() throws(Fault) {
    let named = [("a label", label != nil), ("a cluster", cluster != nil), ("layers", layers != nil), ("a text", text != nil)].filter(\.1).map(\.0)
    let isClassed = layers != nil && text == nil && (label == nil) != (cluster == nil)
    guard named.count <= 1 || isClassed else {
      throw Fault(field: "", given: named.joined(separator: " and "), expected: "one of them, or layers beside a label or a cluster")
    }
    if layer != nil, isClassed { throw Fault(field: "layer", given: "a layer beside layers", expected: "no layer: the cluster is what items are of") }
    guard layer == nil || cluster != nil else {
      throw Fault(
        field: "layer", given: "a layer \(named.first.map { "beside " + $0 } ?? "without a cluster")", expected: "a cluster beside it")
    }
    for (layer, entry) in (layers ?? []).enumerated() {
      let given = [("from_item", entry.fromItem != nil), ("cluster", entry.cluster != nil), ("values", entry.values != nil)].filter(\.1).map(\.0)
      guard given.count <= 1 else { throw Fault(field: "layers[\(layer)]", given: given.joined(separator: " and "), expected: "one of them") }
      try entry.values?.check(nil, expected: nil, at: "layers[\(layer)].values")
    }
  }

  /// Whether they fit each other; how far numbers may go depends on the model, which `check(_:)` asks.
  package func check(_: (any Interval<Self>)?, expected _: String?, at field: String) throws(Fault) {
    do { try check() } catch { throw error.inside(field) }
  }

  /// Whether a layer takes after an item.
  var needsItems: Bool { layers?.contains { $0.fromItem != nil } ?? false }

  /// Refuses what no model of this family and signature can be conditioned on; what is left, the family itself refuses.
  func check(_ model: any ModelFamily) throws(Fault) {
    let counts = cluster != nil || layers != nil ? Capability.clustering.of(model)?.componentCounts ?? [] : []
    if let name = label?.text {
      guard let classes = model.signature.classes else {
        throw Fault(field: "given.label", given: "\"\(name.prefix(60))\"", expected: "no label: this model knows no class")
      }
      guard classes.contains(name) else {
        throw Fault(field: "given.label", given: "\"\(name.prefix(60))\"", expected: "one of \(Items.list(classes))")
      }
    }
    if let cluster {
      if let layer, !counts.indices.contains(layer), !counts.isEmpty {
        throw Fault(field: "given.layer", given: "\(layer)", expected: counts.count == 1 ? "0, the only layer" : "0 to \(counts.count - 1)")
      }
      guard layer != nil || layers != nil || counts.count <= 1 else {
        throw Fault(field: "given.layer", given: "nothing", expected: "0 to \(counts.count - 1): every layer has clusters of its own")
      }
      try Self.check(cluster, field: "given.cluster", counts: counts, layer: layer ?? 0)
    }
    if let text { _ = try codes(of: text, model.signature.space) }
    if let layers {
      let forms = Capability.encoding.of(model)?.codeForms ?? []
      guard !forms.isEmpty else {
        throw Fault(field: "given.layers", given: "there", expected: "no such field: this model has no layers to tell apart")
      }
      guard layers.count == forms.count else {
        throw Fault(
          field: "given.layers", given: "\(layers.count) of them", expected: "\(forms.count), the layer nearest the data first; {} for its prior")
      }
      for (layer, entry) in layers.enumerated() {
        if let values = entry.values {
          let field = "given.layers[\(layer)].values"
          try Self.check(values, field: field, form: forms[layer], layer: layer)
        }
        guard let cluster = entry.cluster else { continue }
        try Self.check(cluster, field: "given.layers[\(layer)].cluster", counts: counts, layer: layer)
      }
    }
  }

  private func codes(of text: String, _ space: Space) throws(Fault) -> [Int] {
    guard let texts = space.tokens else {
      throw Fault(field: "given.text", given: "a text", expected: "no such field: this model makes \(space.summary)")
    }
    return try texts.codes(of: text, field: "given.text")
  }

  /// As many latent variables as the layer has; of a categorical one the class of each.
  private static func check(_ values: [Float], field: String, form: Code.Form, layer: Int) throws(Fault) {
    func checkCount(_ expected: Int) throws(Fault) {
      guard values.count == expected else { throw Fault(field: field, given: "\(values.count) numbers", expected: "\(expected)") }
    }
    switch form {
    case .gaussian(let width): try checkCount(width)
    case .categorical(let places, let choices), .codes(let places, let choices):
      try checkCount(places)
      for (place, value) in values.enumerated() where !(value >= 0 && value < Float(choices) && value == value.rounded()) {
        throw Fault(
          field: "\(field)[\(place)]", given: FloatText.text(value), expected: "a whole number from 0 to \(choices - 1), a code of layer \(layer)")
      }
    case .point: throw Fault(field: field, given: "there", expected: "no such field: the code of layer \(layer) is \(form.name)")
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
    let choice = label.map { ClassChoice.label($0.text) } ?? cluster.map(ClassChoice.component)
    if layers == nil, let choice {
      switch choice {
      case .label(let name): return .label(name)
      case .component(let component): return .component(component, layer: layer)
      }
    }
    if let text { return .text(try codes(of: text, signature.space)) }
    guard let layers else { return .nothing }
    let model = items.count == 0 ? items.raw : items.inModelUnits(signature)
    var sources: [LayerSource] = []
    for (layer, entry) in layers.enumerated() {
      if let values = entry.values {
        sources.append(.code(values))
      } else if let cluster = entry.cluster {
        sources.append(.component(cluster))
      } else if let index = entry.fromItem {
        let field = "given.layers[\(layer)].from_item"
        guard items.count > 0 else {
          throw Fault(field: "inputs", given: "nothing", expected: "the items that \(field) names, as inputs, rows or a body of their own")
        }
        guard (0..<items.count).contains(index) else {
          throw Fault(field: field, given: "\(index)", expected: items.count == 1 ? "0, the only item" : "0 to \(items.count - 1), the items sent")
        }
        sources.append(.item(model.slice(0, index..<index + 1).scalars))
      } else {
        sources.append(.prior)
      }
    }
    return choice.map { .classed($0, sources) } ?? .layers(sources)
  }
}

/// An entry of `given.layers`: a component of the layer's mixture, an item of the request, its latent variables, or nothing for the prior.
package struct LayerGiven: Settings {
  package var values: [Float]?
  package var cluster: Int?
  package var fromItem: Int?

  package init() {}

  package static let table = Table<Self> {
    Setting("from_item", \.fromItem, in: 0..., "The place of an item of this request, whose posterior mean, or likeliest codes, the layer takes.")
    Setting("cluster", \.cluster, in: 0..., "A component of the layer's mixture.")
    Setting("values", \.values, "The layer's latent variables themselves; of a categorical code the class of each.")
  }
}

/// The name of a class; one that is called 3 may be written as a number.
package struct ClassName: SettingValue {
  package let text: String

  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    text = try (try? value.decode(Int.self)).map(String.init) ?? value.decode(String.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    try value.encode(text)
  }

  package static func schema(_: (any Interval<Self>)?) -> Schema { .text(choices: nil) }
}
