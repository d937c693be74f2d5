/// A JSON document as a tree, with big numeric arrays kept flat.
package enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  /// A number without point and exponent that fits 64 bits, exactly: seeds and identifiers go up to 2^63 - 1.
  case integer(Int)
  /// Any other number, as the nearest double.
  case number(Double)
  case string(String)
  case array([JSONValue])
  /// Members in their order; names are distinct.
  case object([Member])
  /// A rectangular array of numbers that is the value of a numeric field.
  case numbers(NumberArray)

  package struct Member: Hashable, Sendable {
    package let name: String
    package let value: JSONValue

    package init(name: String, value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// Parses a whole document.
  ///
  /// Stricter than RFC 8259: names of one object are distinct, surrogates come in pairs, the text is valid UTF-8 without byte order mark.
  /// - Parameters:
  ///   - numericFields: names, at any depth, whose arrays of numbers become `.numbers`, each number rounded once to float32. In them `null`
  ///     and the bare words NaN, Infinity and -Infinity are missing entries (NaN); arrays that aren't rectangular and numbers beyond float32 are
  ///     errors. An array that holds anything but numbers is an ordinary one.
  ///   - takesNonFinite: whether the bare word NaN is read as null everywhere, as clients of the Open Inference Protocol write it, and Infinity as such.
  package init(
    parsing bytes: [UInt8], numericFields: Set<String> = [], limits: JSONLimits = .default, takesNonFinite: Bool = false
  ) throws(JSONError) {
    let result = bytes.withUnsafeBufferPointer { buffer -> Result<JSONValue, JSONError> in
      var parser = JSONParser(buffer, numericFields: numericFields, limits: limits, takesNonFinite: takesNonFinite)
      do throws(JSONError) { return .success(try parser.document()) } catch { return .failure(error) }
    }
    self = try result.get()
  }

  /// The member of this name; nil also for everything that isn't an object.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// What an error says was given.
  var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): value.count > 40 ? "\"\(value.prefix(40))...\"" : "\"\(value)\""
    case .array(let values): "an array of \(values.count) value\(values.count == 1 ? "" : "s")"
    case .object: "an object"
    case .numbers(let array): "an array of shape \(array.shape)"
    }
  }
}

/// How large a JSON document may be.
package struct JSONLimits: Sendable {
  package var bytes: Int
  /// Arrays and objects inside one another.
  package var depth: Int
  /// Bytes of one string or name, before escapes are undone.
  package var stringBytes: Int
  /// Values outside of flat numeric arrays; each takes 24 bytes or more of memory.
  package var values: Int

  package init(bytes: Int = 64 << 20, depth: Int = 64, stringBytes: Int = 1 << 20, values: Int = 1 << 22) {
    self.bytes = bytes
    self.depth = depth
    self.stringBytes = stringBytes
    self.values = values
  }

  package static let `default` = JSONLimits()
}
