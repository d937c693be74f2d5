internal import Formats
internal import Modelling
internal import Tensors

/// The clusters of items as JSON and as a table.
struct ClusterTable: Sendable {
  struct Layer: Sendable {
    let number: Int
    let components: Int
  }

  private struct Part: Sendable {
    let layer: Layer
    let responsibilities: Tensor
    let assignment: ComponentAssignment
  }
  private let parts: [Part]
  private let count: Int
  private let listsProbabilities: Bool

  /// - Parameter values: the layers' probabilities side by side.
  init(_ values: Tensor, layers: [Layer], listsProbabilities: Bool) {
    var (parts, start) = ([Part](), 0)
    for layer in layers {
      let own = values.slice(1, start..<start + layer.components)
      parts.append(Part(layer: layer, responsibilities: own, assignment: ComponentAssignment(own)))
      start += layer.components
    }
    (self.parts, count, self.listsProbabilities) = (parts, values.shape[0], listsProbabilities)
  }

  /// One object a layer; sizes and the mean entropy are over all items of the request.
  var json: [JSONDocument] {
    parts.map { part in
      let assignment = part.assignment
      let assignments = JSONList(count: count) { .integer(assignment.components[$0]) }
      let responsibilities = JSONValue.floats(part.responsibilities.scalars, shape: part.responsibilities.shape.dimensions)
      return .object(
        [
          .init(name: "layer", value: .integer(part.layer.number)), .init(name: "components", value: .integer(part.layer.components)),
          .init(name: "assignments", content: .list(assignments)),
        ] + (listsProbabilities ? [.init(name: "responsibilities", value: responsibilities)] : []) + [
          .init(name: "sizes", value: .array(assignment.sizes.map(JSONValue.integer))),
          .init(name: "entropy_nats", value: .floats(assignment.entropies, shape: [count])),
          .init(name: "mean_entropy_nats", value: .number(assignment.meanEntropy)),
        ])
    }
  }

  /// A line an item: of every layer its cluster, the entropy, and the probabilities.
  var table: AnswerTable {
    let fields = parts.flatMap { part in
      let layer = part.layer
      let probabilities = listsProbabilities ? (0..<layer.components).map { ArrowField("p_\(layer.number)_\($0)", .float32) } : []
      return [ArrowField("cluster_\(layer.number)", .int64), ArrowField("entropy_\(layer.number)", .float32)] + probabilities
    }
    var header = CSVWriter()
    header.append(fields.map(\.name))
    return AnswerTable(count: count, header: header.bytes, columns: AnswerColumns(fields, columns), rows: rows)
  }

  private func columns(_ range: Range<Int>) -> [ArrowColumn] {
    parts.flatMap { part in
      let (scalars, width) = (part.responsibilities.scalars, part.layer.components)
      let probabilities = listsProbabilities ? (0..<width).map { k in ArrowColumn.floats(range.map { scalars[$0 * width + k] }) } : []
      return [
        ArrowColumn(.integers(part.assignment.components[range].map { Int64($0) })), ArrowColumn.floats(Array(part.assignment.entropies[range])),
      ] + probabilities
    }
  }

  private func rows(_ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    for row in range {
      for (index, part) in parts.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        bytes += Array("\(part.assignment.components[row]),".utf8)
        FloatText.append(part.assignment.entropies[row], to: &bytes)
        guard listsProbabilities else { continue }
        bytes.append(UInt8(ascii: ","))
        let width = part.layer.components
        part.responsibilities.withScalars { r in
          FloatText.appendList(UnsafeBufferPointer(start: r + row * width, count: width), to: &bytes)
        }
      }
      bytes += [0x0D, 0x0A]
    }
    return bytes
  }
}
