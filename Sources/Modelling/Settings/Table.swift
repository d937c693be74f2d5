/// All settings of a type, in the order in which readers want them.
///
/// Keep it in a `static let`: settings and documentation are made once.
package struct Table<Root: Settings>: Sendable {
  package let settings: [Setting<Root>]
  /// What people and documents are told of every setting.
  package let fields: [SettingField]
  /// The defaults.
  let standard = Root()
  /// Whether the settings of each part fit each other.
  let partChecks: [PartCheck<Root>]

  package init(@TableBuilder<Root> _ rows: () -> TableRows<Root>) {
    let rows = rows()
    settings = rows.settings
    fields = settings.map(\.field)
    partChecks = rows.checks
  }

  package var schema: Schema { .object(fields) }

  /// The field of this name.
  package subscript(name: String) -> SettingField? { fields.first { $0.name == name } }
}

/// Rows of a table, one or those of a whole part.
package struct TableRows<Root: Settings> {
  var settings: [Setting<Root>] = []
  var checks: [PartCheck<Root>] = []
}

extension TableRows {
  /// The settings of a part among the whole's own, at the same level of the JSON.
  ///
  /// - Parameter names: settings of the part that the whole decides otherwise.
  package static func part<Part: Settings>(_ path: SettingPath<Root, Part>, except names: Set<String> = []) -> TableRows {
    let settings = Part.table.settings.filter { !names.contains($0.field.name) }.map { Setting($0, of: path) }
    return TableRows(settings: settings, checks: Part.table.partChecks.map { PartCheck($0, of: path) } + [PartCheck(path)])
  }
}

/// Whether the settings of one part fit each other.
struct PartCheck<Root: Settings>: Sendable {
  let check: @Sendable (Root) throws(Fault) -> Void

  init<Part: Settings>(_ path: SettingPath<Root, Part>) { check = { (root) throws(Fault) in try root[keyPath: path].check() } }

  init<Part: Settings>(_ inner: PartCheck<Part>, of path: SettingPath<Root, Part>) {
    check = { (root) throws(Fault) in try inner.check(root[keyPath: path]) }
  }
}

@resultBuilder
package enum TableBuilder<Root: Settings> {
  package static func buildExpression(_ setting: Setting<Root>) -> TableRows<Root> { TableRows(settings: [setting]) }
  package static func buildExpression(_ rows: TableRows<Root>) -> TableRows<Root> { rows }
  package static func buildBlock(_ parts: TableRows<Root>...) -> TableRows<Root> {
    TableRows(settings: parts.flatMap(\.settings), checks: parts.flatMap(\.checks))
  }
}
