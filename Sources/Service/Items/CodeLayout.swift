internal import Formats
package import Modelling
internal import Tensors

/// How the codes of items stand in a row, as `encode` writes them: of every layer the means, then the scales.
package struct CodeLayout: Sendable {
  /// Latent variables of each layer, the one nearest the data first.
  package let widths: [Int]
  /// Rows of codes as items of a table: `mean_0_0`, ..., `scale_0_0`, ...; an empty mean leaves its layer to the prior.
  package let signature: Signature

  package init(widths: [Int]) {
    self.widths = widths
    let names = widths.enumerated().flatMap { layer, width in
      ["mean", "scale"].flatMap { part in (0..<width).map { "\(part)_\(layer)_\($0)" } }
    }
    signature = .table(names.map { TableSpace.Column(name: $0, type: .real) })
  }

  /// Of a model that decodes; nil for others.
  init?(of model: any ModelFamily) {
    guard let able = Capability.decoding.of(model) else { return nil }
    self.init(widths: able.latentWidths)
  }

  /// Columns that a table may lack.
  var optionalColumns: Set<String> { Set(signature.space.names?.filter { $0.hasPrefix("scale") } ?? []) }

  /// Numbers of a row without scales.
  var latent: Int { widths.reduce(0, +) }

  /// Where the numbers of a layer stand in a row.
  package func places(of layer: Int) -> (means: Range<Int>, scales: Range<Int>) {
    let (start, width) = (2 * widths.prefix(layer).reduce(0, +), widths[layer])
    return (start..<start + width, start + width..<start + 2 * width)
  }

  /// Rows of means alone as rows with scales, which are missing.
  func spread(_ means: [Float]) -> [Float] {
    var (rows, place) = ([Float](), 0)
    rows.reserveCapacity(2 * means.count)
    while place < means.count {
      for width in widths {
        rows += means[place..<place + width]
        rows += [Float](repeating: .nan, count: width)
        place += width
      }
    }
    return rows
  }

  /// Refuses a mean of which only a part is there, and scales that are none.
  func check(_ items: Items, needsScales: Bool) throws {
    let width = signature.width
    try items.raw.scalars.withUnsafeBufferPointer { numbers in
      for row in 0..<items.count {
        for layer in widths.indices {
          let (means, scales) = places(of: layer)
          func refuse(_ cell: Int, _ given: String, _ expected: String) -> Problem {
            let place = items.place(row: row, cell: cell)
            return Problem(.impossible, "\(place) is \(given), expected \(expected).", field: place, given: given, expected: expected)
          }
          let missing = means.filter { numbers[row * width + $0].isNaN }
          if let first = missing.first, missing.count < means.count {
            throw refuse(first, "missing", "all \(means.count) means of layer \(layer), or none for its prior")
          }
          for cell in scales {
            let scale = numbers[row * width + cell]
            if scale < 0 { throw refuse(cell, FloatText.text(scale, missing: ""), "a standard deviation, 0 or more") }
            if needsScales, missing.isEmpty, scale.isNaN { throw refuse(cell, "missing", "a standard deviation, because sampling is true") }
          }
        }
      }
    }
  }
}

// MARK: - The JSON that `encode` answers

extension CodeLayout {
  /// `[{"mean": [[...]], "scale": [[...]]}, {}]`, an entry a layer; an empty object leaves the layer to its prior.
  func items(_ layers: JSONValue, _ limits: ServiceLimits) throws -> Items {
    guard case .array(let entries) = layers, entries.count == widths.count else {
      let given: String
      if case .array(let entries) = layers { given = "\(entries.count) layers" } else { given = "no array" }
      throw Self.refusal("layers", given, "\(widths.count), as encode answers them, the layer nearest the data first")
    }
    var parts: [(cells: Range<Int>, numbers: Items)] = []
    for (layer, entry) in entries.enumerated() {
      let (field, places) = ("layers[\(layer)]", places(of: layer))
      guard case .object(let members) = entry else { throw Self.refusal(field, "no object", "an object with mean and scale, or {} for the prior") }
      for member in members where member.value != .null {
        let place = "\(field).\(member.name)"
        switch member.name {
        case "kind":
          guard member.value == .string("gaussian") else { throw Self.refusal(place, member.value.line, "gaussian") }
        case "mean", "scale":
          let cells = member.name == "mean" ? places.means : places.scales
          let value = member.value.rows.map(JSONValue.numbers) ?? member.value
          let numbers = try Items.numbers(value, field: place, signature: .vector(widths[layer]), limits: limits)
          try numbers.checkValues(.vector(widths[layer]))
          parts.append((cells, numbers))
        default: throw Self.refusal(place, "there", "kind, mean or scale")
        }
      }
    }
    guard let count = parts.first?.numbers.count else {
      throw Self.refusal("layers", "without a mean", "the mean of at least one layer; sample draws all of them")
    }
    if let other = parts.first(where: { $0.numbers.count != count }), case .nested(let field, _) = other.numbers.layout {
      throw Self.refusal(field, "\(other.numbers.count) rows", "\(count), as many as in the layers before")
    }
    var raw = [Float](repeating: .nan, count: count * signature.width)
    for (cells, numbers) in parts {
      let scalars = numbers.raw.scalars
      for row in 0..<count {
        raw.replaceSubrange(
          row * signature.width + cells.lowerBound..<row * signature.width + cells.upperBound,
          with: scalars[row * cells.count..<(row + 1) * cells.count])
      }
    }
    return Items(raw: Tensor(shape: [count, signature.width], scalars: raw), layout: .named(field: "codes", columns: signature.space.names ?? []))
  }

  private static func refusal(_ field: String, _ given: String, _ expected: String) -> Problem {
    Problem(.impossible, "\(field) is \(given), expected \(expected).", field: field, given: given, expected: expected)
  }
}

extension JSONValue {
  /// Arrays of as many numbers each, of which any may be null; nil for anything else.
  fileprivate var rows: NumberArray? {
    guard case .array(let rows) = self, let width = rows.first?.rowWidth else { return nil }
    var scalars: [Float] = []
    for row in rows {
      guard case .array(let numbers) = row, numbers.count == width else { return nil }
      for number in numbers {
        switch number {
        case .integer(let value): scalars.append(Float(value))
        case .number(let value): scalars.append(Float(value))
        case .null: scalars.append(.nan)
        default: return nil
        }
      }
    }
    return NumberArray(shape: [rows.count, width], scalars: scalars)
  }

  private var rowWidth: Int? { if case .array(let elements) = self { elements.count } else { nil } }
}
