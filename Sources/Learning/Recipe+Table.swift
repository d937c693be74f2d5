package import Data
internal import Formats
internal import Foundation
package import Optimisation

extension Recipe {
  /// What training on a table comes to where a user says no more than that.
  ///
  /// Of 20 rows and more 15 % are held out, at most 2000, to choose the epoch by. AdamW (1e-3, decay 0.3) along a cosine for 3000 steps and 120 epochs at
  /// least, but no more than 20 000 steps unless those are fewer than 10 epochs.
  ///
  /// - Parameter settings: the family's own where its defaults won't do.
  package init(family: String, settings: TableSettings?, source: DataSource, rows: Int) {
    let validation = rows < 20 ? 0 : min(2000, Int((0.15 * Double(rows)).rounded()))
    let batchSize = rows > 20_000 ? 256 : 64
    let steps = max((rows - validation + batchSize - 1) / batchSize, 1)
    let epochs = max(min(max(120, (3000 + steps - 1) / steps), 20_000 / steps), 10)
    self.init()
    (self.family, self.name, data) = (family, Self.name(of: source.source) ?? family, source.readAnew)
    if let settings { (configuration, training) = (settings.configuration, settings.training) }
    (optimiser, schedule) = (Optimiser(.adamw, rate: 1e-3, weightDecay: 0.3), Schedule(.cosine))
    (self.epochs, self.batchSize) = (settings?.epochs ?? epochs, settings?.batchSize ?? batchSize)
    self.validation = settings?.validation ?? validation
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
    let held = validation > 0 ? "\(validation) rows held out to choose the epoch by, " : "too few rows to hold some out and choose the epoch by, "
    let end = patience.map { ", stopping after \($0) without a better bound of the rows held out" } ?? ""
    return "\(held)batches of \(batchSize), \(optimiser.kind.rawValue) at \(optimiser.rate), \(epochs) epochs\(end)"
  }
}
