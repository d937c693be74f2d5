package import Tensors

/// Named parts, each with a space of its own; an item's numbers are those of its parts one after the other.
package struct ProductSpace: ItemSpace {
  package struct Part: Sendable, Hashable, Codable {
    package let name: String
    package let space: Space

    package init(_ name: String, _ space: Space) {
      self.name = name
      self.space = space
    }
  }

  package let parts: [Part]

  package enum CodingKeys: String, CodingKey, CaseIterable { case parts }

  package init(_ parts: [Part]) { self.parts = parts }

  package var width: Int {
    parts.reduce(0) { sum, part in
      let (width, isTooLarge) = sum.addingReportingOverflow(part.space.width)
      return isTooLarge ? .max : width
    }
  }
  package var shape: [Int] { [width] }
  package var summary: String { "items of the parts " + parts.map { "\($0.name) (\($0.space.summary))" }.joined(separator: ", ") }

  /// The part that holds a number, and the number's place in it.
  private func part(at index: Int) -> (part: Part, index: Int) {
    var rest = index
    for part in parts {
      if rest < part.space.width { return (part, rest) }
      rest -= part.space.width
    }
    preconditionFailure("number \(index) of \(width)")
  }

  package func scaling(at index: Int) -> (offset: Float, scale: Float) {
    let (part, index) = part(at: index)
    return part.space.scaling(at: index)
  }

  package func exactScaling(at index: Int) -> (offset: Double, scale: Double)? {
    let (part, index) = part(at: index)
    return part.space.exactScaling(at: index)
  }

  package func type(at index: Int) -> TableSpace.Column.Kind {
    let (part, index) = part(at: index)
    return part.space.type(at: index)
  }

  package func categories(at index: Int) -> [String]? {
    let (part, index) = part(at: index)
    return part.space.categories(at: index)
  }

  package func bounds(at index: Int) -> Space.Bounds {
    let (part, index) = part(at: index)
    return part.space.bounds(at: index)
  }

  package func accepts(_ value: Float, at index: Int) -> Bool {
    let (part, index) = part(at: index)
    return part.space.accepts(value, at: index)
  }

  package func expectation(at index: Int) -> String {
    let (part, index) = part(at: index)
    return part.space.expectation(at: index)
  }

  package func toModel(_ raw: Tensor) -> Tensor { joined(raw) { $0.toModel($1) } }
  package func toRaw(_ model: Tensor) -> Tensor { joined(model) { $0.toRaw($1) } }

  /// Every part's numbers by a function of its space.
  private func joined(_ rows: Tensor, _ change: (Space, Tensor) -> Tensor) -> Tensor {
    var (start, changed): (Int, [Tensor]) = (0, [])
    for part in parts {
      changed.append(change(part.space, rows.slice(1, start..<start + part.space.width)))
      start += part.space.width
    }
    return Tensor.concatenated(changed, axis: 1)
  }

  package func check(_ field: String) throws(Fault) {
    guard (2...100).contains(parts.count) else {
      throw Fault(field: "\(field).parts", given: "\(parts.count) parts", expected: "2 to 100")
    }
    var names: Set<String> = []
    for (index, part) in parts.enumerated() {
      guard !part.name.isEmpty, names.insert(part.name).inserted else {
        throw Fault(field: "\(field).parts[\(index)].name", given: "\"\(part.name)\"", expected: "names that differ")
      }
      try part.space.check("\(field).parts[\(index)].space")
    }
    try checkWidth(width, "\(field).parts")
  }
}
