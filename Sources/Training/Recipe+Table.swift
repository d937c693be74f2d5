internal import Foundation
internal import Formats
internal import Models

extension Recipe {
  /// What training on a table comes to where a user says no more than that.
  ///
  /// Of 20 rows and more 15 % are held out, at most 2000, and training stops where their bound has not risen for long. About a million rows are passed,
  /// 10 to 300 times the table; batch and rate are the paper's (64, 3e-4), of more than 20 000 rows 256 and 6e-4. Network and masks are the family's own.
  package init(family: String, source: DataSource, rows: Int) {
    let validation = rows < 20 ? 0 : min(2000, Int((0.15 * Double(rows)).rounded()))
    let epochs = min(max(1_000_000 / max(rows - validation, 1), 10), 300)
    let isLarge = rows > 20_000
    self.init(
      family: family, name: Self.name(of: source.source) ?? family, data: source, configuration: .object([]), training: .object([]),
      optimiser: Optimiser(rate: isLarge ? 6e-4 : 3e-4), schedule: Schedule(), clipping: Clipping(), epochs: epochs, batchSize: isLarge ? 256 : 64,
      validation: validation, patience: validation > 0 ? max(10, epochs / 10) : nil, seed: 0)
  }

  /// The name of a file as that of a model; nil where nothing is left of it.
  private static func name(of path: String) -> String? {
    let stem = ((path as NSString).lastPathComponent as NSString).deletingPathExtension.lowercased()
    let kept = stem.unicodeScalars.map { scalar -> Character in
      scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)) ? Character(scalar) : "-"
    }
    let name = String(kept.drop { $0 == "-" }.prefix(64))
    return name.isEmpty ? nil : name
  }

  /// The choices in a sentence, for a user who made none.
  package var choices: String {
    let held = validation > 0 ? "\(validation) rows held out, " : "too few rows to hold some out and stop by them, "
    let end = patience.map { ", stopping after \($0) without a better bound of the rows held out" } ?? ""
    return "\(held)batches of \(batchSize), \(optimiser.kind.rawValue) at \(optimiser.rate), \(epochs) epochs at most\(end)"
  }
}
