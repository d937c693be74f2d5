package import Formats

/// A key path that closures may keep.
package typealias SettingPath<Root, Value> = any WritableKeyPath<Root, Value> & Sendable

/// One row of a table: everything there is to say of a setting.
package struct Setting<Root: Settings>: Sendable {
  /// What people and documents are told.
  package let field: SettingField
  /// What is told as the default, where these are the defaults.
  let standard: @Sendable (Root) -> JSONValue
  let read: @Sendable (inout Root, KeyedDecodingContainer<SettingKey>) throws -> Void
  let write: @Sendable (Root, inout KeyedEncodingContainer<SettingKey>) throws -> Void
  let check: @Sendable (Root) throws(Fault) -> Void
  let copy: @Sendable (_ from: Root, _ to: inout Root) -> Void

  /// - Parameters:
  ///   - name: in JSON and in queries; as a flag with dashes.
  ///   - range: the bounds of a number, or of every number of a list. Numbers are finite in any case.
  ///   - lengths: how many elements a list may have, which `noun` names.
  ///   - expected: what a fault says is expected, in place of the bounds' own words.
  ///   - default: what an absent setting is said to stand for, where that is not its value in `Root()`.
  ///   - required: whether there is no default.
  ///   - writesNull: whether nil is written as null; else it is left out.
  ///   - ofRows: whether rows of numbers depend on it.
  ///   - summary: what it is, in sentences.
  package init<Value: SettingValue>(
    _ name: String, _ path: SettingPath<Root, Value>, in range: (any Interval<Value.Scalar>)? = nil, lengths: ClosedRange<Int>? = nil,
    of noun: String = "values", expected: String? = nil, default: JSONValue? = nil, required: Bool = false, writesNull: Bool = false,
    ofRows: Bool = true, _ summary: String
  ) {
    let key = SettingKey(stringValue: name)
    standard = { required ? .null : `default` ?? JSONValue(encoding: $0[keyPath: path]) }
    field = SettingField(
      name: name, schema: Value.schema(range).limited(to: lengths), isRequired: required, default: standard(Root()), isOfRows: ofRows,
      summary: summary)
    read = { root, container in
      if required {
        root[keyPath: path] = try container.decode(Value.self, forKey: key)
      } else if let value = try container.decodeIfPresent(Value.self, forKey: key) {
        root[keyPath: path] = value
      }
    }
    write = { root, container in
      let value = root[keyPath: path]
      if writesNull || !value.isNull { try container.encode(value, forKey: key) }
    }
    check = { (root) throws(Fault) in
      let value = root[keyPath: path]
      if let lengths, let count = value.elementCount, !lengths.contains(count) {
        throw Fault(field: name, given: "\(count) \(noun)", expected: expected ?? "\(lengths.lengthWords) \(noun)")
      }
      try value.check(range, expected: expected, at: name)
    }
    copy = { $1[keyPath: path] = $0[keyPath: path] }
  }

  /// A setting of a part as one of the whole, with the default that the whole gives it.
  init<Part>(_ setting: Setting<Part>, of part: SettingPath<Root, Part>) {
    standard = { setting.standard($0[keyPath: part]) }
    field = setting.field.with(default: standard(Root()))
    read = { try setting.read(&$0[keyPath: part], $1) }
    write = { try setting.write($0[keyPath: part], &$1) }
    check = { (root) throws(Fault) in try setting.check(root[keyPath: part]) }
    copy = { setting.copy($0[keyPath: part], &$1[keyPath: part]) }
  }
}
