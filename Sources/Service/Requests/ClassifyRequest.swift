internal import Formats
package import Modelling
internal import Tensors

/// The class of every item among those that the model learnt from labels, or a cluster that no label names.
package struct ClassifyRequest: ModelRequest {
  /// Probabilities that JSON lists for an item, the greatest first; nil for all.
  package var top: Int?
  package var seed: Int?
  package var firstItem = 0

  package init() {}

  package static let name = "classify"
  package static let summary =
    "Says of which class items are, with the probability of each class that the model learnt and of each cluster that it found beside them."
  package static let items = ItemRole.rows
  package static var capability: Capability<any Classifying> { .classifying }
  package static let table = Table<Self> {
    Setting("top", \.top, in: 1..., ofRows: false, "How many probabilities JSON lists for an item, the greatest first; all where absent.")
    Setting.seed
    Setting.firstItem
  }

  package func answerWidth(_ model: any Classifying) -> Int { model.componentCount }

  package func check(_ model: any Classifying, rows: Int, limits: ServiceLimits) throws {
    let components = answerWidth(model)
    if let top, !(1...components).contains(top) {
      throw Fault(field: "top", given: "\(top)", expected: "1 to \(components), the classes and clusters of this model")
    }
    let n = max(rows, 1)
    guard n * components <= limits.answerNumbers else {
      throw Fault(field: "items", given: "\(n)", expected: "at most \(limits.answerNumbers / components) in one request")
    }
  }

  /// q(component | x): [rows, components]; of a model that chooses modules for an item, beside it the choice of every layer.
  package func compute(_ model: any Classifying, _ rows: Rows) -> RowAnswers {
    let x = rows.inModelUnits(model.signature)
    guard let selecting = Capability.moduleSelecting.of(model) else { return RowAnswers(model.logits(x).softmax()) }
    let (logits, modules) = selecting.classify(x)
    return RowAnswers(logits.softmax(), .documents(modules.map(Self.document)))
  }

  private static func document(_ layers: [ModuleSelection]) -> JSONValue {
    .array(
      layers.enumerated().map { layer, selection in
        .record([
          "layer": .integer(layer), "modules": .array(selection.modules.map(JSONValue.integer)),
          "probabilities": .floats(selection.probabilities, shape: [selection.probabilities.count]),
        ])
      })
  }

  package func answer(_ found: RowAnswers, to items: Items, from model: any Classifying) -> Answer {
    let values = found.numbers
    let (width, known) = (values.shape[1], model.signature.classes?.count ?? 0)
    let names = (0..<width).map(model.signature.componentName)
    let assignment = ComponentAssignment(values)
    let components = names.enumerated().map { component, name in
      JSONValue.record(["component": .integer(component), "label": .string(name), "is_new": .bool(component >= known)])
    }
    let modules: [JSONValue]? = if case .documents(let documents) = found.content { documents } else { nil }
    let items = JSONList(count: values.shape[0], weight: 10 + 2 * min(top ?? width, width)) { row in
      let best = assignment.components[row]
      return .record([
        "label": .string(names[best]), "component": .integer(best), "is_new": .bool(best >= known),
        "probability": .float(assignment.probabilities[row]), "entropy_nats": .float(assignment.entropies[row]),
        "probabilities": probabilities(values, row, names), "modules": modules?[row],
      ])
    }
    return Answer(
      values, table: { Self.table(values, assignment, names) },
      members: [.init(name: "components", value: .array(components)), .init(name: "items", content: .list(items))])
  }

  /// By name, the greatest first; equal ones in the order of the components.
  private func probabilities(_ values: Tensor, _ row: Int, _ names: [String]) -> JSONValue {
    let own = values.withScalars { Array(UnsafeBufferPointer(start: $0 + row * names.count, count: names.count)) }
    let order = own.indices.sorted { own[$0] == own[$1] ? $0 < $1 : own[$0] > own[$1] }
    return .object(order.prefix(top ?? names.count).map { .init(name: names[$0], value: .float(own[$0])) })
  }

  private static func table(_ values: Tensor, _ assignment: ComponentAssignment, _ names: [String]) -> AnswerTable {
    let fields =
      [ArrowField("label", .utf8), ArrowField("component", .int64), ArrowField("probability", .float32), ArrowField("entropy", .float32)]
      + names.map { ArrowField("p_" + $0, .float32) }
    let columns = AnswerColumns(fields) { [scalars = values.scalars] range in
      let best = assignment.components[range]
      return [
        ArrowColumn(.texts(best.map { names[$0] })), ArrowColumn(.integers(best.map { Int64($0) })),
        ArrowColumn.floats(Array(assignment.probabilities[range])), ArrowColumn.floats(Array(assignment.entropies[range])),
      ] + names.indices.map { k in ArrowColumn.floats(range.map { scalars[$0 * names.count + k] }) }
    }
    var header = CSVWriter()
    header.append(fields.map(\.name))
    let quoted = names.map(header.quoted)
    return AnswerTable(count: values.shape[0], header: header.bytes, columns: columns) { range in
      var bytes: [UInt8] = []
      for row in range {
        let best = assignment.components[row]
        bytes += Array("\(quoted[best]),\(best),".utf8)
        values.withScalars { r in
          for number in [assignment.probabilities[row], assignment.entropies[row]] {
            FloatText.append(number, to: &bytes)
            bytes.append(UInt8(ascii: ","))
          }
          FloatText.appendList(UnsafeBufferPointer(start: r + row * names.count, count: names.count), to: &bytes)
        }
        bytes += [0x0D, 0x0A]
      }
      return bytes
    }
  }
}
