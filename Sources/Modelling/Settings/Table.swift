/// All settings of a type, in the order in which readers want them.
///
/// Keep it in a `static let`: settings and documentation are made once.
package final class Table<Root: Settings>: Sendable {
  package let settings: [Setting<Root>]
  /// What people and documents are told of every setting.
  package let fields: [SettingField]
  let names: [String]
  /// The settings that no row of numbers depends on.
  let notOfRows: [Setting<Root>]
  /// The defaults.
  let standard = Root()
  /// Whether the settings of each part fit each other.
  let partChecks: [PartCheck<Root>]

  package init(@TableBuilder<Root> _ rows: () -> Part<Root>) {
    let rows = rows()
    settings = rows.settings
    fields = settings.map(\.field)
    names = fields.map(\.name)
    notOfRows = settings.filter { !$0.field.isOfRows }
    partChecks = rows.checks
  }

  package var schema: Schema { .object(fields) }

  /// The field of this name.
  package subscript(name: String) -> SettingField? { fields.first { $0.name == name } }
}

/// The settings of a part among the whole's own, at the same level of the JSON.
package struct Part<Root: Settings> {
  let settings: [Setting<Root>]
  let checks: [PartCheck<Root>]

  /// - Parameter names: settings of the part that the whole decides otherwise.
  package init<Inner: Settings>(_ path: SettingPath<Root, Inner>, except names: Set<String> = []) {
    settings = Inner.table.settings.filter { !names.contains($0.field.name) }.map { Setting($0, of: path) }
    checks = Inner.table.partChecks.map { PartCheck($0, of: path) } + [PartCheck(path)]
  }

  init(settings: [Setting<Root>], checks: [PartCheck<Root>] = []) { (self.settings, self.checks) = (settings, checks) }
}

/// Whether the settings of one part fit each other.
struct PartCheck<Root: Settings>: Sendable {
  let check: @Sendable (Root) throws(Fault) -> Void
  let dropIneffective: @Sendable (inout Root) -> Void
  let conventions: @Sendable (Root) -> [String]

  init<Part: Settings>(_ path: SettingPath<Root, Part>) {
    let place = Place(path)
    check = { (root) throws(Fault) in try place.value(in: root).check() }
    dropIneffective = { root in place.change(&root) { $0.dropIneffective() } }
    conventions = { place.value(in: $0).conventions }
  }

  init<Part: Settings>(_ inner: PartCheck<Part>, of path: SettingPath<Root, Part>) {
    let place = Place(path)
    check = { (root) throws(Fault) in try inner.check(place.value(in: root)) }
    dropIneffective = { root in place.change(&root) { inner.dropIneffective(&$0) } }
    conventions = { inner.conventions(place.value(in: $0)) }
  }
}

@resultBuilder
package enum TableBuilder<Root: Settings> {
  package static func buildExpression(_ setting: Setting<Root>) -> Part<Root> { Part(settings: [setting]) }
  package static func buildExpression(_ part: Part<Root>) -> Part<Root> { part }
  /// Settings that only some types of a family of types have.
  package static func buildOptional(_ part: Part<Root>?) -> Part<Root> { part ?? Part(settings: []) }
  package static func buildBlock(_ parts: Part<Root>...) -> Part<Root> {
    Part(settings: parts.flatMap(\.settings), checks: parts.flatMap(\.checks))
  }
}
