internal import Formats

extension ClusteringEvaluation {
  /// Items by cluster and class, with what each cluster is taken for: `confusion.json` of all layers, and a CSV a layer.
  package var documents: [FindingsDocument] {
    [FindingsDocument(name: "confusion.json", mediaType: "application/json", bytes: json.text)]
      + layers.map { FindingsDocument(name: "confusion-\($0.number).csv", mediaType: "text/csv", bytes: csv($0)) }
  }

  private var json: JSONValue {
    .object([
      .init(name: "classes", value: .array(classes.map(JSONValue.string))),
      .init(name: "layers", value: .array(layers.map(json))),
    ])
  }

  private func json(_ layer: Layer) -> JSONValue {
    let maps = LabelMap.Rule.allCases.map { rule in
      JSONValue.Member(
        name: rule.rawValue,
        value: .object(
          layer.maps(rule).map { name, map in
            .init(name: name, value: .array(map.classes.map { $0.map { .string(classes[$0]) } ?? .null }))
          }))
    }
    return .object([
      .init(name: "layer", value: .integer(layer.number)), .init(name: "components", value: .integer(layer.componentCount)),
      .init(
        name: "table", value: .array((0..<layer.componentCount).map { .array(layer.table.row($0).map(JSONValue.integer)) })),
      .init(name: "maps", value: .object(maps)),
    ])
  }

  /// A line a cluster: what each map takes it for, and its items of every class.
  private func csv(_ layer: Layer) -> [UInt8] {
    let maps = LabelMap.Rule.allCases.flatMap { rule in layer.maps(rule).map { (name: "\(rule.rawValue).\($0.name)", map: $0.map) } }
    var writer = CSVWriter()
    writer.append(["cluster"] + maps.map(\.name) + classes)
    for cluster in 0..<layer.componentCount {
      writer.append(
        ["\(cluster)"] + maps.map { $0.map.classes[cluster].map { classes[$0] } ?? "" } + layer.table.row(cluster).map(String.init))
    }
    return writer.bytes
  }
}
