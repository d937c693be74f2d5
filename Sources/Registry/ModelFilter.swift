/// Which models a list holds: those that meet every condition.
package struct ModelFilter: Hashable, Sendable {
  /// Part of the name, the description or a tag's name or value, in capitals or not.
  package var search: String?
  /// Tags that the model or its shown version has; nil for any value.
  package var tags: [String: String?] = [:]
  /// The family of the version that is live, or the last one where none is.
  package var family: String?
  /// The only names that may be shown; nil for all.
  package var names: Set<String>?

  package init() {}

  func matches(_ model: Model) -> Bool {
    if let names, !names.contains(model.name) { return false }
    let shown = model.live ?? model.versions.last
    if let family, shown?.facts.family != family { return false }
    for (name, value) in tags {
      let values = [model.tags[name], shown?.tags[name]].compactMap(\.self)
      guard value.map(values.contains) ?? !values.isEmpty else { return false }
    }
    guard let search = search?.lowercased() else { return true }
    let texts =
      [model.name, model.description, shown?.description ?? ""] + [model.tags, shown?.tags ?? [:]].flatMap { $0.flatMap { [$0.key, $0.value] } }
    return texts.contains { $0.lowercased().contains(search) }
  }
}
