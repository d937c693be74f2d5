internal import Formats

/// What can be set of something, each setting said once: in the table.
///
/// Reading, writing, checks, documentation, flags and query parameters all come from the table. `null` stands for the default everywhere.
///
///     struct Annealing: Settings {
///       var beta: Float = 1
///       static let table = Table<Self> { Setting("beta", \.beta, in: 0..., "Weight of the KL term (Higgins et al. 2017).") }
///     }
package protocol Settings: SettingValue where Scalar == Self {
  /// The defaults; a setting without one, which is `required`, has any value here.
  init()
  static var table: Table<Self> { get }
  /// Refuses settings that don't fit each other; only asked where each is within its own bounds.
  func check() throws(Fault)
  /// Puts settings that have no effect beside the others back to their defaults; those of parts do so themselves.
  mutating func dropIneffective()
  /// Settings beside these whose default is one convention of several: a file from elsewhere has to say them; parts have their own.
  var conventions: [String] { get }
}

extension Settings {
  package func check() throws(Fault) {}
  package mutating func dropIneffective() {}
  package var conventions: [String] { [] }

  /// Those of the parts as well.
  package var allConventions: [String] { Self.table.partChecks.flatMap { $0.conventions(self) } + conventions }

  /// The same without settings that have no effect beside the others.
  package var effective: Self {
    var settings = self
    for part in Self.table.partChecks { part.dropIneffective(&settings) }
    settings.dropIneffective()
    return settings
  }

  /// Refuses a setting that `dropIneffective` would put back: whoever gave it believes that it does something.
  package func refuseIneffective() throws(Fault) {
    var kept = self
    kept.dropIneffective()
    guard kept != self else { return }
    for setting in Self.table.settings {
      let (given, left) = (setting.value(self), setting.value(kept))
      guard given == left else { throw Fault(field: setting.field.name, given: given.plain, expected: "\(left.plain), since it has no effect here") }
    }
  }

  /// Refuses a setting out of its bounds, then settings that don't fit each other; whoever decodes settings asks for it before making use of them.
  package func validate() throws(Fault) {
    let table = Self.table
    for setting in table.settings { try setting.check(self) }
    for part in table.partChecks { try part.check(self) }
    try check()
  }

  /// The settings that rows of numbers depend on, with all others at their defaults: requests that agree on these may share a batch.
  package var ofRows: Self {
    let table = Self.table
    var settings = self
    for setting in table.notOfRows { setting.copy(table.standard, &settings) }
    return settings
  }

  package func check(_: (any Interval<Self>)?, expected _: String?, at field: String) throws(Fault) {
    do { try validate() } catch { throw error.inside(field) }
  }

  package static func schema(_: (any Interval<Self>)?) -> Schema { .object(table.fields) }
}

// MARK: - JSON

extension Settings {
  /// The defaults with what is given, not validated yet; names that are not in the table are refused. Decodes only through `StrictJSON`.
  package init(from decoder: any Decoder) throws {
    let (table, fields) = (Self.table, try JSONFields(of: decoder))
    self = table.standard
    for setting in table.settings { try setting.read(&self, fields, table.names) }
    try fields.refuseUnknown(table.names)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: SettingKey.self)
    for setting in Self.table.settings { try setting.write(self, &container) }
  }
}

/// The name of a setting in JSON.
package struct SettingKey: CodingKey {
  package let stringValue: String
  package var intValue: Int? { nil }
  package init(stringValue: String) { self.stringValue = stringValue }
  package init?(intValue: Int) { nil }
}

extension JSONValue {
  /// As people write it in a sentence.
  fileprivate var plain: String {
    switch self {
    case .string(let text): text
    case .null: "nothing"
    default: line
    }
  }
}
