internal import Formats
package import Modelling

/// A request as it was sent: a body with its media type, and options as text from the query or the command line.
package struct SentRequest: Sendable {
  package struct Option: Sendable, Equatable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package var body: [UInt8]
  /// nil where the client didn't say.
  package let contentType: MediaType?
  package let options: [Option]
  /// How the file of a table is read where no option says so; nil: as builds before 0.3 did.
  package var table: TableOptions? = TableOptions()
  /// What reading it may take of the memory that requests share; nil where nobody else wants any.
  var memory: MemoryBudget.Lease?

  package init(body: [UInt8] = [], contentType: MediaType? = nil, options: [Option] = []) {
    self.body = body
    self.contentType = contentType
    self.options = options
  }

  /// Fields of a JSON body that items can come in.
  static let itemFields: Set = ["inputs", "rows", "texts"]
  /// The same where the items are codes.
  static let codeFields: Set = ["inputs", "rows", "layers"]

  /// Media types that items can come in.
  package static let itemTypes: [MediaType] = [.json, .csv, .arrow, .png, .npy, .floats, .text, .form]

  /// The fields of a JSON body, or those of the query beside a body of items alone.
  package func fields(of kind: RequestKind) throws -> SentFields {
    try fields(kind.fields, of: kind.name, items: kind.items == .codes ? Self.codeFields : Self.itemFields, numeric: Self.numericItems)
  }

  /// The field of a request that holds items as arrays of numbers.
  private static let numericItems: Set = ["inputs"]

  /// - Parameters:
  ///   - items: the fields that hold items.
  ///   - numeric: the fields that hold arrays of numbers.
  func fields(_ known: [SettingField], of name: String, items: Set<String> = itemFields, numeric: Set<String>) throws -> SentFields {
    let document = try document(known + [.record] + (bringsTable ? TableOptions.table.fields : []), of: name, numeric: numeric)
    guard !isJSON else { return try SentFields(document, table: table) { items.contains($0) || numeric.contains($0) } }
    return try SentFields(document, table: table, readsTable: bringsTable)
  }

  /// A JSON body; beside any other the query as an object of these fields.
  func document(_ known: @autoclosure () -> [SettingField], of name: String, numeric: Set<String> = []) throws -> JSONValue {
    guard isJSON else { return try optionObject(known(), of: name) }
    // Clients that were generated from the contract send the defaults of the query beside any body.
    let known = options.isEmpty ? [] : known()
    if let option = options.first(where: { option in !known.contains { $0.name == option.name && $0.isDefault(option.value) } }) {
      throw Problem(
        .malformed, "The query has \"\(option.name)\", but with a JSON body the options are fields of the body.", field: option.name,
        given: "a query parameter", expected: "a field of the body")
    }
    try claimDocument(numeric: numeric)
    return try JSONValue(parsing: body, numericFields: numeric)
  }

  /// The items of a request whose fields were read; none where they may be left out.
  /// - Parameters:
  ///   - codes: how codes stand in a row, where the items are codes.
  ///   - isExact: whether the rows of a table have to come back value for value.
  func items(
    _ fields: SentFields, of name: String, as role: ItemRole, _ signature: Signature, _ limits: ServiceLimits, codes: CodeLayout? = nil,
    isExact: Bool = false
  ) throws -> Items {
    let keepsText = role == .completed || isExact
    if !isJSON {
      return role == .references && body.isEmpty ? .none : try items(signature, limits, fields.table, keepingText: keepsText, codes: codes)
    }
    let given = [("inputs", fields.inputs), ("rows", fields.rows), ("texts", fields.texts), ("layers", fields.layers)].compactMap { name, value in
      value.map { (name, $0) }
    }
    if given.count > 1 {
      let (first, second) = (given[0].0, given[1].0)
      throw Problem(
        .impossible, "Both \(first) and \(second) are given, expected one of them.", field: second, given: "both", expected: "\(first) or \(second)")
    }
    try claimItems(fields, signature)
    switch given.first {
    case nil where role == .references: return .none
    case nil where codes != nil:
      throw Problem(
        .impossible, "\(name) needs codes: layers, as encode answers them, or inputs (nested numbers).", field: "layers", given: "nothing",
        expected: "layers or inputs")
    case nil where signature.space.tokens != nil:
      throw Problem(.impossible, "\(name) needs items: texts.", field: "texts", given: "nothing", expected: "an array of texts")
    case nil:
      throw Problem(
        .impossible, "\(name) needs items: inputs (nested numbers) or rows (objects by column name).", field: "inputs", given: "nothing",
        expected: "inputs or rows")
    case ("rows", let rows)?:
      var items = try Items.objects(
        rows, signature: signature, limits: limits, options: fields.table, keepingText: keepsText, keepingDoubles: isExact)
      items.isAnsweredAsBefore = fields.table == nil
      return items
    case ("texts", let texts)?: return try .texts(texts, signature: signature, limits: limits)
    case ("layers", let layers)?:
      guard let codes else { preconditionFailure("only codes have a field of layers") }
      return try codes.items(layers, limits)
    case ("inputs", let inputs)? where isExact:
      return try .doubles(inputs, field: "inputs", signature: signature, limits: limits, options: fields.table)
    case (_, let inputs)?:
      return try .numbers(inputs, field: "inputs", signature: signature, limits: limits, options: fields.table, codes: codes)
    }
  }

  /// Whether the items come as a table, or, of a request without a body, may have.
  private var bringsTable: Bool { contentType == .csv || contentType == .arrow || (contentType == nil && body.isEmpty) }

  /// A body without a type is JSON, and so is an object under the type that curl's `-d` announces.
  var isJSON: Bool {
    guard !body.isEmpty else { return contentType == .json && options.isEmpty }
    guard let contentType else { return true }
    if contentType == .json || contentType.name.hasSuffix("+json") { return true }
    let isForm = contentType.name == "application/x-www-form-urlencoded"
    return isForm && body.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
  }

  /// The options as one JSON object.
  func optionObject(_ fields: [SettingField], of name: String) throws -> JSONValue {
    var members: [JSONValue.Member] = []
    for option in options {
      guard let field = fields.first(where: { $0.name == option.name }) else {
        let known = fields.map(\.name).joined(separator: ", ")
        throw Problem(
          .impossible, "\"\(option.name)\" is no option of \(name), expected one of \(known).", field: option.name, given: option.name,
          expected: known)
      }
      guard !members.contains(where: { $0.name == option.name }) else {
        throw Problem(.malformed, "\(option.name) is given twice.", field: option.name, given: "two values", expected: "one")
      }
      members.append(.init(name: option.name, value: field.schema.value(of: option.value)))
    }
    return .object(members)
  }

  /// Whether the body is of items alone that can be read block by block.
  var hasItemBlocks: Bool { contentType.map(ItemReader.types.contains) ?? false }

  /// The items of a body that isn't JSON.
  private func items(
    _ signature: Signature, _ limits: ServiceLimits, _ table: TableOptions?, keepingText: Bool, codes: CodeLayout?
  ) throws -> Items {
    guard !body.isEmpty else {
      throw Problem(
        .malformed, "The body is empty, expected items: JSON with inputs or rows, or one of \(Self.listed(Self.itemTypes)).", field: "body")
    }
    try claimItems(signature, keepingText: keepingText)
    switch contentType {
    case let type? where type.isForm:
      return try .form(body, contentType: type, signature: signature, limits: limits, takesMasks: keepingText)
    case let type? where ItemReader.types.contains(type):
      return try .whole(body, type, signature: signature, limits: limits, options: table, keepingText: keepingText, codes: codes)
    case MediaType.png: return try .png(body, signature: signature)
    case MediaType.text: return try .text(body, signature: signature, limits: limits)
    default:
      throw Problem(
        .unsupportedMedia, "The body is \(contentType?.name ?? "of no type"), expected one of \(Self.listed(Self.itemTypes)).", field: "Content-Type",
        given: contentType?.name, expected: Self.listed(Self.itemTypes))
    }
  }

  /// A picture and its mask as `curl -F image=@FILE -F mask=@FILE` sends them.
  package static func form(image: [UInt8], mask: [UInt8], options: [Option]) -> SentRequest {
    // No text of 256 bits that follow from the bytes stands among them.
    let boundary = SHA256.digest(image + mask).description.dropFirst("sha256:".count)
    func part(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
      Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\nContent-Type: image/png\r\n\r\n".utf8) + bytes + [0x0D, 0x0A]
    }
    return SentRequest(
      body: part("image", image) + part("mask", mask) + Array("--\(boundary)--\r\n".utf8),
      contentType: MediaType("\(MediaType.form); boundary=\(boundary)"), options: options)
  }

  private static func listed(_ types: [MediaType]) -> String { types.map(\.name).joined(separator: ", ") }
}

extension SettingField {
  /// Whether a text stands for the default; false where there is none.
  fileprivate func isDefault(_ text: String) -> Bool {
    guard self.default != .null else { return false }
    func plain(_ value: JSONValue) -> JSONValue { if case .integer(let whole) = value { .number(Double(whole)) } else { value } }
    return plain(schema.value(of: text)) == plain(self.default)
  }
}

extension TableOptions {
  /// Those that a query says.
  init(of members: [JSONValue.Member]) throws {
    self = try StrictJSON.decode(TableOptions.self, from: .object(members))
    try validate()
  }
}

/// The fields of a request, its options apart from its items.
package struct SentFields: Sendable {
  /// A JSON object, or what came in place of one.
  let options: JSONValue
  /// Whether the client wants its input kept with the record of this request.
  let keepsInput: Bool
  /// How the file of a table is read, and what of that the client said.
  package let table: TableOptions?
  let reading: [JSONValue.Member]
  private let items: [JSONValue.Member]

  /// - Parameters:
  ///   - table: how the file of a table is read where the client doesn't say so.
  ///   - readsTable: whether fields may say so.
  ///   - isOfItems: whether a field of this name holds items.
  init(_ document: JSONValue, table: TableOptions?, readsTable: Bool = false, isOfItems: (String) -> Bool = { _ in false }) throws {
    guard case .object(let all) = document else {
      (options, keepsInput, self.table, reading, items) = (document, false, table, [], [])
      return
    }
    reading = readsTable ? all.filter { TableOptions.table[$0.name] != nil } : []
    self.table = reading.isEmpty ? table : try TableOptions(of: reading)
    let members = readsTable ? all.filter { TableOptions.table[$0.name] == nil } : all
    let record = members.first { $0.name == SettingField.record.name && $0.value != .null }
    keepsInput = try record.map { try StrictJSON.decode(Record.self, from: .object([$0])).record } ?? false
    items = members.filter { isOfItems($0.name) && $0.value != .null }
    options = .object(members.filter { !isOfItems($0.name) && $0.name != SettingField.record.name })
  }

  private struct Record: Decodable { let record: Bool }

  var inputs: JSONValue? { self["inputs"] }
  var rows: JSONValue? { self["rows"] }
  var texts: JSONValue? { self["texts"] }
  /// Codes layer by layer.
  var layers: JSONValue? { self["layers"] }
  /// What an audit's items should be taken for.
  var targets: JSONValue? { self["targets"] }

  private subscript(name: String) -> JSONValue? { items.first { $0.name == name }?.value }
}
