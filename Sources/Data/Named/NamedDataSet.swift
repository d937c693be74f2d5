internal import Foundation
package import Modelling

/// A data set that recipes know by a name: one that a package installs, or that is drawn here.
package struct NamedDataSet: Sendable {
  package let name: String
  /// Of its items.
  package let space: Space
  /// What a package installs for it; empty for a set that is drawn here.
  var files: [String] = []
  /// Where its items stand, of a set that knows.
  package var modes: GaussianModes?
  let items: @Sendable (DataSource.Split) throws -> DataSet
  let labels: @Sendable (DataSource.Split) throws -> Labels

  package var isInstalled: Bool { files.allSatisfy(FileManager.default.fileExists) }

  package static let all: [NamedDataSet] = [.fashionMNIST, .ring, .sprites]

  package static func named(_ name: String) -> NamedDataSet? { all.first { $0.name == name } }

  /// For errors and help.
  static var names: String { all.map(\.name).joined(separator: ", ") }
}
