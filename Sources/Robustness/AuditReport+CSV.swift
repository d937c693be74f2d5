internal import Formats

extension AuditReport {
  /// One row an item and budget, or weight; empty where a number is none.
  package var csv: [UInt8] {
    var writer = CSVWriter()
    writer.append(["item", plan.kind.strength] + measures.map(\.rawValue))
    for example in examples {
      writer.append(
        ["\(audit.firstItem + example.run.item)", "\(example.run.strength)"]
          + measures.map { example[$0].isNaN ? "" : "\(example[$0])" })
    }
    return writer.bytes
  }
}
