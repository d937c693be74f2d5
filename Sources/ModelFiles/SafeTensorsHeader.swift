internal import Formats
internal import Tensors

/// What the JSON of a container declares, compared with the number of bytes that follow it.
struct SafeTensorsHeader {
  private(set) var metadata: [String: String] = [:]
  /// In the order of the data.
  private(set) var entries: [SafeTensors.Entry] = []

  init(parsing bytes: [UInt8], dataBytes: Int, limits: SafeTensors.Limits) throws(ModelFileError) {
    // The format lets spaces fill the header's end and nothing else surround the object.
    let end = bytes.lastIndex { $0 != UInt8(ascii: " ") }.map { $0 + 1 } ?? 0
    guard bytes.first == UInt8(ascii: "{"), bytes[end - 1] == UInt8(ascii: "}") else {
      throw ModelFileError(
        .malformed, "header", given: bytes.isEmpty ? "empty" : "something else",
        expected: "a JSON object from its first byte on, then nothing but spaces")
    }
    let document: JSONValue
    do {
      // A tensor of rank r is r + 6 values.
      let jsonLimits = JSONLimits(bytes: limits.headerBytes, depth: 4, stringBytes: limits.stringBytes, values: 1000 + 20 * limits.tensors)
      document = try JSONValue(parsing: Array(bytes[..<end]), limits: jsonLimits)
    } catch {
      throw ModelFileError(error.reason == .tooLarge ? .tooLarge : .malformed, in: "header", error)
    }
    guard case .object(let members) = document else { throw ModelFileError(.malformed, "header", given: document.kind, expected: "an object") }
    let count = members.count { $0.name != "__metadata__" }
    guard count <= limits.tensors else {
      throw ModelFileError(.tooLarge, "header", given: "an object of \(count) tensors", expected: "at most \(limits.tensors)")
    }
    for member in members {
      if member.name == "__metadata__" {
        metadata = try Self.texts(member.value)
      } else {
        entries.append(try SafeTensors.Entry(member, dataBytes: dataBytes, limits: limits))
      }
    }
    entries.sort { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }
    try refuseGaps(dataBytes)
  }

  private static func texts(_ value: JSONValue) throws(ModelFileError) -> [String: String] {
    guard case .object(let members) = value else {
      throw ModelFileError(.malformed, "header.__metadata__", given: value.kind, expected: "an object of strings")
    }
    var texts: [String: String] = [:]
    for member in members {
      guard case .string(let text) = member.value else {
        throw ModelFileError(.malformed, "header.__metadata__[\"\(member.name)\"]", given: member.value.kind, expected: "a string")
      }
      texts[member.name] = text
    }
    return texts
  }

  /// Spans in order must each begin where the one before ends, and together be the whole of the data.
  private func refuseGaps(_ dataBytes: Int) throws(ModelFileError) {
    var end = 0
    for entry in entries {
      guard entry.bytes.lowerBound == end else {
        let fault = entry.bytes.lowerBound < end ? "overlaps the tensor before it" : "leaves a gap behind the tensor before it"
        throw ModelFileError(
          .malformed, "header[\"\(entry.name)\"].data_offsets", given: "[\(entry.bytes.lowerBound), \(entry.bytes.upperBound)], which \(fault)",
          expected: "a span that begins at \(end)")
      }
      end = entry.bytes.upperBound
    }
    guard end == dataBytes else {
      throw ModelFileError(
        .malformed, "the file", given: "\(dataBytes) bytes of data long", expected: "the \(end) bytes that the header's tensors fill")
    }
  }
}

extension SafeTensors.Entry {
  fileprivate init(_ member: JSONValue.Member, dataBytes: Int, limits: SafeTensors.Limits) throws(ModelFileError) {
    let name = member.name
    func refuse(_ field: String, _ given: String, _ expected: String) -> ModelFileError {
      ModelFileError(.malformed, "header[\"\(name)\"]\(field)", given: given, expected: expected)
    }
    guard name.utf8.count <= limits.nameBytes else {
      throw ModelFileError(.tooLarge, "a tensor's name", given: "\(name.utf8.count) bytes long", expected: "at most \(limits.nameBytes) bytes")
    }
    guard case .object(let fields) = member.value else { throw refuse("", member.value.kind, "an object of dtype, shape and data_offsets") }
    if let unknown = fields.first(where: { !["dtype", "shape", "data_offsets"].contains($0.name) }) {
      throw refuse("", "an object with \"\(unknown.name)\"", "dtype, shape and data_offsets only")
    }
    guard let typeField = member.value["dtype"] else { throw refuse("", "an object without dtype", "dtype, shape and data_offsets") }
    guard let shapeField = member.value["shape"] else { throw refuse("", "an object without shape", "dtype, shape and data_offsets") }
    guard let spanField = member.value["data_offsets"] else { throw refuse("", "an object without data_offsets", "dtype, shape and data_offsets") }

    guard case .string(let typeName) = typeField, let type = SafeTensors.ScalarType(rawValue: typeName) else {
      throw refuse(".dtype", typeField.kind, "one of \(SafeTensors.ScalarType.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    guard let extents = shapeField.sizes else { throw refuse(".shape", shapeField.kind, "an array of whole numbers from 0 on") }
    guard extents.count <= limits.rank else {
      throw ModelFileError(.tooLarge, "header[\"\(name)\"].shape", given: "\(extents.count) extents", expected: "at most \(limits.rank)")
    }
    guard let span = spanField.sizes, span.count == 2 else { throw refuse(".data_offsets", spanField.kind, "two whole numbers from 0 on") }
    guard span[0] <= span[1], span[1] <= dataBytes else {
      throw refuse(".data_offsets", "\(span)", "a span inside the \(dataBytes) bytes of data")
    }
    guard let size = Self.byteCount(extents, type) else {
      throw refuse(".shape", "\(extents), more than 64 bits can count", "\(span[1] - span[0]) bytes")
    }
    guard size == span[1] - span[0] else {
      throw refuse(".shape", "\(extents) of \(type.rawValue), which is \(size) bytes", "the \(span[1] - span[0]) bytes of its data_offsets")
    }
    self.init(name: name, type: type, shape: Shape(extents), bytes: span[0]..<span[1])
  }

  /// Extents times item size; nil on overflow, also where an extent of 0 would hide it: strides are products of the other extents.
  private static func byteCount(_ extents: [Int], _ type: SafeTensors.ScalarType) -> Int? {
    var size = type.byteCount
    for extent in extents {
      let (product, overflow) = size.multipliedReportingOverflow(by: max(extent, 1))
      if overflow { return nil }
      size = product
    }
    return extents.contains(0) ? 0 : size
  }
}

extension JSONValue {
  /// An array of whole numbers, none negative.
  fileprivate var sizes: [Int]? {
    guard case .array(let values) = self else { return nil }
    var sizes: [Int] = []
    for value in values {
      guard case .integer(let size) = value, size >= 0 else { return nil }
      sizes.append(size)
    }
    return sizes
  }

  /// What an error says was given: the value itself where it is short.
  var kind: String {
    let text = String(decoding: text, as: UTF8.self)
    if text.utf8.count <= 60 { return text }
    switch self {
    case .object: return "an object"
    case .array(let values): return "an array of \(values.count) values"
    case .string, .null, .bool, .integer, .number, .numbers: return "\(text.prefix(57))..."
    }
  }
}

extension ModelFileError {
  /// A fault in JSON that stands at `place` in the file.
  init(_ reason: Reason, in place: String, _ error: JSONError) {
    let field = error.field.isEmpty ? place : error.field.hasPrefix("[") ? place + error.field : "\(place).\(error.field)"
    let position = error.position.map { " (byte \($0.offset))" } ?? ""
    // Errors of meaning say more than given and expected, such as what a misspelt name may stand for, and begin with the field.
    let detail =
      error.position == nil && !error.field.isEmpty && error.detail.hasPrefix(error.field) ? field + error.detail.dropFirst(error.field.count) : nil
    self.init(reason, field, given: error.given + position, expected: error.expected, detail: detail)
  }
}
