internal import Formats
package import Modelling
internal import Tensors

/// How the codes of items stand in a row, as `encode` writes them: of every Gaussian layer the means, then the scales; of every categorical one the
/// codes, then the probabilities, class by class; of one of codes alone these.
package struct CodeLayout: Sendable {
  /// How each layer stands there, the one nearest the data first.
  package struct Layer: Sendable {
    package let form: Code.Form
    /// What a network decodes, the means or the codes; and what draws are made by, the scales or the probabilities.
    package let values: Range<Int>
    package let spread: Range<Int>

    fileprivate init(_ form: Code.Form, at start: Int) {
      self.form = form
      let count =
        switch form {
        case .gaussian(let width), .point(let width): width
        case .categorical(let places, _), .codes(let places, _): places
        }
      values = start..<start + count
      spread = start + count..<start + form.count
    }

    /// In JSON, in tensors' names and in those of columns.
    var names: (values: String, spread: String, ofValue: String, ofSpread: String) {
      form.choices != nil ? ("codes", "probabilities", "code", "probability") : ("mean", "scale", "mean", "scale")
    }

    /// What JSON may have of it, for words.
    fileprivate var members: [String] { [names.values] + (spread.isEmpty ? [] : [names.spread]) }
    fileprivate var words: String { spread.isEmpty ? "kind or \(names.values)" : "kind, \(names.values) or \(names.spread)" }

    fileprivate func columns(_ layer: Int) -> [String] {
      let values = values.indices.map { "\(names.ofValue)_\(layer)_\($0 - self.values.lowerBound)" }
      guard case .categorical(let places, let choices) = form else {
        return values + spread.indices.map { "\(names.ofSpread)_\(layer)_\($0 - spread.lowerBound)" }
      }
      return values + (0..<places).flatMap { place in (0..<choices).map { "\(names.ofSpread)_\(layer)_\(place)_\($0)" } }
    }
  }

  package let layers: [Layer]
  /// Rows of codes as items of a table: `mean_0_0`, ..., `scale_0_0`, ...; an empty mean leaves its layer to the prior.
  package let signature: Signature

  package init(_ forms: [Code.Form]) {
    var start = 0
    layers = forms.map { form in
      defer { start += form.count }
      return Layer(form, at: start)
    }
    signature = .table(layers.enumerated().flatMap { $1.columns($0) }.map { TableSpace.Column(name: $0, type: .real) })
  }

  /// Of a model that decodes; nil for others.
  init?(of model: any ModelFamily) {
    guard let able = Capability.decoding.of(model) else { return nil }
    self.init(able.codeForms)
  }

  /// Columns that a table may lack.
  var optionalColumns: Set<String> { Set(signature.space.names.map { names in layers.flatMap { $0.spread.map { names[$0] } } } ?? []) }

  /// Numbers of a row without scales and probabilities.
  var latent: Int { layers.reduce(0) { $0 + $1.values.count } }

  /// Rows of means or codes alone as rows with scales and probabilities, which are missing.
  func spread(_ values: [Float]) -> [Float] {
    var (rows, place) = ([Float](), 0)
    rows.reserveCapacity(values.count / max(latent, 1) * signature.width)
    while place < values.count {
      for layer in layers {
        rows += values[place..<place + layer.values.count]
        rows += [Float](repeating: .nan, count: layer.spread.count)
        place += layer.values.count
      }
    }
    return rows
  }

  /// Refuses a mean or code of which only a part is there, scales and probabilities that are none, and codes that no class has.
  func check(_ items: Items, needsScales: Bool) throws {
    if needsScales, let layer = layers.firstIndex(where: { $0.spread.isEmpty }) {
      throw Fault(field: "sampling", given: "true", expected: "false: the codes of layer \(layer) are what they are, without probabilities")
    }
    let width = signature.width
    try items.raw.scalars.withUnsafeBufferPointer { numbers in
      for row in 0..<items.count {
        for (number, layer) in layers.enumerated() {
          guard let wrong = layer.wrong(needsSpread: needsScales, number, at: { numbers[row * width + $0] }) else { continue }
          let place = items.place(row: row, cell: wrong.cell)
          throw Problem(
            .impossible, "\(place) is \(wrong.given), expected \(wrong.expected).", field: place, given: wrong.given, expected: wrong.expected)
        }
      }
    }
  }
}

// MARK: - What is wrong with a row

extension CodeLayout.Layer {
  fileprivate struct Wrong {
    let cell: Int
    let given: String
    let expected: String

    init(_ cell: Int, _ given: String, _ expected: String) { (self.cell, self.given, self.expected) = (cell, given, expected) }
    init(_ cell: Int, _ given: Float, _ expected: String) { self.init(cell, FloatText.text(given, missing: ""), expected) }
  }

  /// - Parameters:
  ///   - layer: its number, for words.
  ///   - number: that of a cell of the row, NaN where it is missing.
  fileprivate func wrong(needsSpread: Bool, _ layer: Int, at number: (Int) -> Float) -> Wrong? {
    let missing = values.filter { number($0).isNaN }
    if let first = missing.first, missing.count < values.count {
      return Wrong(first, "missing", "all \(values.count) \(form.choices != nil ? "codes" : "means") of layer \(layer), or none for its prior")
    }
    let needsSpread = needsSpread && missing.isEmpty
    guard let choices = form.choices else { return wrongScale(needsSpread, number) }
    let codes = missing.isEmpty ? values : values.lowerBound..<values.lowerBound
    for cell in codes where !(number(cell) >= 0 && number(cell) < Float(choices) && number(cell) == number(cell).rounded()) {
      return Wrong(cell, number(cell), "a whole number from 0 to \(choices - 1), a code of layer \(layer)")
    }
    return wrongProbability(of: choices, needsSpread, number)
  }

  private func wrongScale(_ isNeeded: Bool, _ number: (Int) -> Float) -> Wrong? {
    for cell in spread {
      if number(cell) < 0 { return Wrong(cell, number(cell), "a standard deviation, 0 or more") }
      if isNeeded, number(cell).isNaN { return Wrong(cell, "missing", "a standard deviation, because sampling is true") }
    }
    return nil
  }

  /// The probabilities of a variable's classes are there together or not at all, none below 0, and make 1 where something is drawn by them.
  private func wrongProbability(of choices: Int, _ isNeeded: Bool, _ number: (Int) -> Float) -> Wrong? {
    for start in stride(from: spread.lowerBound, to: spread.upperBound, by: choices) {
      let cells = start..<start + choices
      if let missing = cells.first(where: { number($0).isNaN }) {
        if isNeeded { return Wrong(missing, "missing", "a probability, because sampling is true") }
        if let there = cells.first(where: { !number($0).isNaN }) {
          return Wrong(there, number(there), "the probabilities of all \(choices) classes, or none")
        }
        continue
      }
      if let wrong = cells.first(where: { number($0) < 0 }) { return Wrong(wrong, number(wrong), "a probability, 0 or more") }
      let sum = cells.reduce(0) { $0 + Double(number($1)) }
      if isNeeded, abs(sum - 1) > 1e-3 { return Wrong(start, "the first of \(choices) that make \(Float(sum))", "probabilities that make 1") }
    }
    return nil
  }
}

// MARK: - The JSON that `encode` answers

extension CodeLayout {
  /// `[{"mean": [[...]], "scale": [[...]]}, {}]`, an entry a layer; an empty object leaves the layer to its prior.
  func items(_ layers: JSONValue, _ limits: ServiceLimits) throws -> Items {
    guard case .array(let entries) = layers, entries.count == self.layers.count else {
      let given: String
      if case .array(let entries) = layers { given = "\(entries.count) layers" } else { given = "no array" }
      throw Self.refusal("layers", given, "\(self.layers.count), as encode answers them, the layer nearest the data first")
    }
    var parts: [(cells: Range<Int>, numbers: Items)] = []
    for (layer, entry) in entries.enumerated() {
      let (field, own) = ("layers[\(layer)]", self.layers[layer])
      guard case .object(let members) = entry else {
        throw Self.refusal(field, "no object", "an object with \(own.members.joined(separator: " and ")), or {} for the prior")
      }
      for member in members where member.value != .null {
        let place = "\(field).\(member.name)"
        switch member.name {
        case "kind":
          guard member.value == .string(own.form.name) else { throw Self.refusal(place, member.value.line, own.form.name) }
        case let name where own.members.contains(name):
          let cells = member.name == own.names.values ? own.values : own.spread
          let given = cells == own.spread ? own.flattened(member.value) : member.value
          let value = given.rows.map(JSONValue.numbers) ?? given
          let numbers = try Items.numbers(value, field: place, signature: .vector(cells.count), limits: limits)
          try numbers.checkValues(.vector(cells.count))
          parts.append((cells, numbers))
        default: throw Self.refusal(place, "there", own.words)
        }
      }
    }
    guard let count = parts.first?.numbers.count else {
      throw Self.refusal("layers", "without a mean or codes", "those of at least one layer; sample draws all of them")
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

extension CodeLayout.Layer {
  /// Probabilities of [items, variables, classes] as rows of numbers, where they are such.
  fileprivate func flattened(_ value: JSONValue) -> JSONValue {
    guard case .categorical(let places, let choices) = form else { return value }
    switch value {
    case .numbers(let array) where array.shape.count == 3 && array.shape[1] == places && array.shape[2] == choices:
      return .numbers(NumberArray(shape: [array.shape[0], places * choices], scalars: array.scalars))
    case .array(let items):
      let rows = items.map { item -> JSONValue in
        guard case .array(let variables) = item, variables.count == places else { return item }
        let parts = variables.compactMap { variable -> [JSONValue]? in
          if case .array(let classes) = variable, classes.count == choices { classes } else { nil }
        }
        return parts.count == places ? .array(Array(parts.joined())) : item
      }
      return .array(rows)
    default: return value
    }
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
