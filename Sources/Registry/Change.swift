/// What was done to the store: an open vocabulary, `noun.verb`.
package struct ChangeAction: RawRepresentable, Hashable, Sendable {
  package let rawValue: String

  package init(rawValue: String) { self.rawValue = rawValue }

  package static let addDataset = Self(rawValue: "dataset.add")
  package static let annotateModel = Self(rawValue: "model.annotate")
  package static let annotateVersion = Self(rawValue: "version.annotate")
  package static let annotateRun = Self(rawValue: "run.annotate")
  package static let collect = Self(rawValue: "store.gc")
  package static let createKey = Self(rawValue: "key.create")
  package static let deleteAlias = Self(rawValue: "alias.delete")
  package static let deleteDataset = Self(rawValue: "dataset.delete")
  package static let deleteFiles = Self(rawValue: "files.delete")
  package static let deleteModel = Self(rawValue: "model.delete")
  package static let deleteVersion = Self(rawValue: "version.delete")
  package static let moveAlias = Self(rawValue: "alias.move")
  package static let publish = Self(rawValue: "version.publish")
  package static let renameModel = Self(rawValue: "model.rename")
  package static let restore = Self(rawValue: "store.restore")
  package static let revokeKey = Self(rawValue: "key.revoke")
}

/// One line of the change log.
package struct Change: Hashable, Sendable, Identifiable {
  package let id: Int
  package let time: Timestamp
  package let actor: Principal
  package let action: ChangeAction
  /// `name`, `name@3`, `name@alias`, the identifier of a key or a run, or `store`.
  package let target: String
  /// A JSON object: what the action's verb leaves open.
  package let detail: String
}

/// Which lines of the record a list holds: those that meet every condition.
package struct ChangeFilter: Hashable, Sendable {
  package var action: ChangeAction?
  package var target: String?
  /// A key's identifier; `admin` for the store's own key.
  package var key: String?
  package var since: Timestamp?

  package init(action: ChangeAction? = nil) { self.action = action }
}
