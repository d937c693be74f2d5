package import Formats

/// One row of a table: everything there is to say of a setting.
package final class Setting<Root: Settings>: Sendable {
  /// What people and documents are told.
  package let field: SettingField
  /// Its value.
  package let value: @Sendable (Root) -> JSONValue
  /// What is told as the default, where these are the defaults.
  let standard: @Sendable (Root) -> JSONValue
  /// Reads it where it is given; the names are those of the whole table.
  let read: @Sendable (inout Root, _ fields: JSONFields, _ names: [String]) throws(JSONError) -> Void
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
    let (key, place) = (SettingKey(stringValue: name), Place(path))
    let value = { @Sendable (root: Root) in JSONValue(encoding: place.value(in: root)) }
    self.value = value
    standard = { required ? .null : `default` ?? value($0) }
    field = SettingField(
      name: name, schema: Value.schema(range).limited(to: lengths), isRequired: required, default: standard(Root()), isOfRows: ofRows,
      summary: summary)
    read = { (root, fields, names) throws(JSONError) in
      do throws(JSONError) {
        if required {
          place.set(try fields.decode(Value.self, name, amongAll: names), in: &root)
        } else if let value = fields[name].flatMap(Value.init(plain:)) {
          place.set(value, in: &root)
        } else if let value = try fields.decodeIfPresent(Value.self, name) {
          place.set(value, in: &root)
        }
      } catch {
        // What 64 bits hold is not what is asked for.
        guard error.expected == "a whole number from \(Int.min) to \(Int.max)" else { throw error }
        let words = (expected ?? range?.words).map { ", \($0)" } ?? ""
        throw JSONError(error.reason, field: error.field, given: error.given, expected: "a whole number\(words)")
      }
    }
    write = { root, container in
      let value = place.value(in: root)
      if writesNull || !value.isNull { try container.encode(value, forKey: key) }
    }
    check = { (root) throws(Fault) in
      let value = place.value(in: root)
      if let lengths, let count = value.elementCount, !lengths.contains(count) {
        throw Fault(field: name, given: "\(count) \(noun)", expected: expected ?? "\(lengths.lengthWords) \(noun)")
      }
      try value.check(range, expected: expected, at: name)
    }
    copy = { place.set(place.value(in: $0), in: &$1) }
  }

  /// A setting of a part as one of the whole, with the default that the whole gives it.
  init<Part>(_ setting: Setting<Part>, of part: SettingPath<Root, Part>) {
    let place = Place(part)
    value = { setting.value(place.value(in: $0)) }
    standard = { setting.standard(place.value(in: $0)) }
    field = setting.field.with(default: standard(Root()))
    read = { (root, fields, names) throws(JSONError) in
      try place.change(&root) { (part) throws(JSONError) in try setting.read(&part, fields, names) }
    }
    write = { try setting.write(place.value(in: $0), &$1) }
    check = { (root) throws(Fault) in try setting.check(place.value(in: root)) }
    copy = { from, to in place.change(&to) { setting.copy(place.value(in: from), &$0) } }
  }
}
