internal import Formats
internal import Modelling
internal import Tensors

extension InferRequest {
  /// The tensors as the same operation of `/v1` takes its items, so that all that is said of those holds here: limits, batches, records, replays, bytes.
  ///
  /// One tensor of numbers becomes float32 rows, as an array of JSON would; a tensor a column becomes rows by name, in double precision, with
  /// categories and days as texts.
  func translated(to kind: RequestKind, of model: LoadedModel) throws -> SentRequest {
    let options = options.map { option in
      guard case .string(let text) = option.value, let field = kind.fields.first(where: { $0.name == option.name }) else { return option }
      return JSONValue.Member(name: option.name, value: field.schema.value(of: text))
    }
    let signature = kind.items == .codes ? model.codes?.signature ?? model.signature : model.signature
    guard let first = inputs.first else {
      guard kind.items == .references else { throw absent(kind, model) }
      return SentRequest(options: options.map(\.option))
    }
    if signature.space.tokens != nil {
      try checkNames([Signature.textName])
      let texts = try first.texts().map { $0.map(JSONValue.string) ?? .null }
      return SentRequest(body: JSONValue.object([.init(name: "texts", value: .array(texts))] + options).text, contentType: .json)
    }
    if let codes = kind.items == .codes ? model.codes : nil, first.name != Signature.inputName {
      return Self.rows(try codes.rows(self), options)
    }
    if inputs.count == 1, first.name == Signature.inputName { return try array(first, signature, kind.items == .codes ? model.codes : nil, options) }
    guard let table = signature.space.table else {
      try checkNames([Signature.inputName])
      throw absent(kind, model)
    }
    return try columns(of: table, options, isCompleted: kind.items == .completed)
  }

  /// Float32 rows, which need no copy where they were sent as such.
  private func array(_ tensor: SentTensor, _ signature: Signature, _ codes: CodeLayout?, _ options: [JSONValue.Member]) throws -> SentRequest {
    if let codes, tensor.shape.count == 2, tensor.shape[1] == codes.latent { return Self.rows(codes.spread(try tensor.floats()), options) }
    _ = try Items.layout(ofShape: tensor.shape, field: tensor.field, signature: signature)
    guard tensor.count > 0 else { throw tensor.refusal("no item", "at least one") }
    if let bytes = tensor.floatBytes { return SentRequest(body: Array(bytes), contentType: .floats, options: options.map(\.option)) }
    return Self.rows(try tensor.floats(), options)
  }

  private static func rows(_ floats: [Float], _ options: [JSONValue.Member]) -> SentRequest {
    var bytes: [UInt8] = []
    FloatBytes.append(floats, to: &bytes)
    return SentRequest(body: bytes, contentType: .floats, options: options.map(\.option))
  }

  /// Rows by name, as many as every column has.
  private func columns(of table: TableSpace, _ options: [JSONValue.Member], isCompleted: Bool) throws -> SentRequest {
    let known = Set(table.columns.map(\.name)).union(table.ignored ?? [])
    var (columns, count) = ([(name: String, cells: [JSONValue])](), inputs[0].shape.first ?? 0)
    for input in inputs {
      guard known.contains(input.name) else { throw unknown(input, table.columns.map(\.name)) }
      guard input.shape == [input.count] || input.shape == [input.count, 1] else { throw input.refusal("the shape \(input.shape)", "[n] or [n, 1]") }
      guard input.count == count else { throw input.refusal("\(input.count) rows", "\(count), as many as \(inputs[0].field)") }
      let cells =
        if input.type == .bytes {
          try input.texts().map { $0.map(JSONValue.string) ?? .null }
        } else {
          try input.doubles().map { $0.isNaN ? .null : $0 == $0.rounded() && $0.magnitude < 0x1p53 ? .integer(Int($0)) : .number($0) } as [JSONValue]
        }
      columns.append((input.name, cells))
    }
    count = columns[0].cells.count
    let rows = (0..<count).map { row in JSONValue.object(columns.map { .init(name: $0.name, value: $0.cells[row]) }) }
    // Nobody can be told here what is believed of every missing cell.
    let quiet = isCompleted && !options.contains { $0.name == "cells" } ? [JSONValue.Member(name: "cells", value: .bool(false))] : []
    return SentRequest(body: JSONValue.object([.init(name: "rows", value: .array(rows))] + options + quiet).text, contentType: .json)
  }

  private func checkNames(_ names: [String]) throws {
    if let stranger = inputs.first(where: { !names.contains($0.name) }) { throw unknown(stranger, names) }
  }

  private func unknown(_ input: SentTensor, _ names: [String]) -> Problem {
    let known = Items.list(names)
    return Problem(
      .malformed, "\(input.field) is called \"\(input.name.prefix(60))\", expected \(known).", field: "\(input.field).name",
      given: String(input.name.prefix(60)),
      expected: known)
  }

  private func absent(_ kind: RequestKind, _ model: LoadedModel) -> Problem {
    let names = Items.list(kind.inputs(of: model).map(\.name))
    return Problem(.malformed, "\(kind.name) needs inputs: \(names).", field: "inputs", given: "none", expected: names)
  }
}

extension JSONValue.Member {
  /// As a query has it.
  fileprivate var option: SentRequest.Option {
    if case .string(let text) = value { return .init(name: name, value: text) }
    return .init(name: name, value: String(decoding: value.text, as: UTF8.self))
  }
}

extension CodeLayout {
  /// Rows of the means and scales, or codes and probabilities, that were sent; those of layers that were not are missing.
  fileprivate func rows(_ request: InferRequest) throws -> [Float] {
    let (inputs, width) = (request.inputs, signature.width)
    let n = inputs[0].shape.first ?? 0
    var rows = [Float](repeating: .nan, count: n * width)
    // A layer's values, then its spread, as `forms` has them.
    let parts = layers.flatMap { $0.spread.isEmpty ? [$0.values] : [$0.values, $0.spread] }
    for input in inputs {
      guard let place = forms.firstIndex(where: { $0.name == input.name }) else {
        throw input.refusal("a name that no code has", "input, or \(Items.list(forms.map(\.name)))")
      }
      let expected = [n] + forms[place].shape.dropFirst()
      guard input.shape == expected else { throw input.refusal("the shape \(input.shape)", "\(expected)") }
      let cells = parts[place]
      let floats = try input.floats()
      for row in 0..<n {
        rows.replaceSubrange(
          row * width + cells.lowerBound..<row * width + cells.upperBound, with: floats[row * cells.count..<(row + 1) * cells.count])
      }
    }
    guard n > 0 else { throw inputs[0].refusal("no item", "at least one") }
    return rows
  }
}
