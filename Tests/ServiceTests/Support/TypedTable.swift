import Families
import Formats
import ModelFiles
import Modelling
import Service
import Tensors

/// Random tables with columns of every type, and a model of random weights that codes them.
enum TypedTable {
  static let columns: [TableSpace.Column] = [
    .init(name: "price", type: .real, form: NumberForm(decimal: ",", thousands: ".", suffix: " €", decimals: 2)),
    .categorical("kind", ["a", "b;c", "other"], unknown: .other), .init(name: "day", type: .date, dates: DateForm("dd.MM.yyyy")),
    .init(name: "x", type: .real, minimum: -50), .init(name: "whole", type: .whole), .init(name: "positive", type: .positive),
    .init(name: "count", type: .count), .init(name: "grade", type: .ordinal, categories: ["low", "middle", "high"]),
    .init(name: "smokes", type: .binary, categories: ["no", "yes"]),
  ]
  static let signature = Signature.table(
    columns, scaling: .init(exactOffset: [40, 0, 19_000, 5, 100, 2, 1, 0, 0], scale: [20, 1, 400, 20, 50, 1, 1, 1, 1]), ignored: ["id", "note"])

  static func family(seed: UInt64 = 1) throws -> VAEAC {
    try VAEAC(.init(latent: 3, hidden: 8, blocks: 1), signature: signature, key: RandomKey(seed: seed))
  }

  static func model(seed: UInt64 = 1) throws -> LoadedModel {
    LoadedModel(family: try family(seed: seed), digest: SHA256.digest(Array("\(seed)".utf8)))
  }

  static let file = ModelFiles.encoded { try family() }

  /// Rows in the form of their columns, in another order than the model's, some cells missing and some rows repeats.
  static func csv(rows: Int, seed: UInt64, delimiter: Character = ";", lineEnd: String = "\r\n", mark: String = "NA") -> String {
    let uniform = RandomKey(seed: seed).uniform([rows, columns.count + 1, 2]).scalars
    let order = [2, 0, 1, 8, 7, 3, 4, 6, 5]
    var lines = [(["id"] + order.map { columns[$0].name } + ["note"])]
    for row in 0..<rows {
      if uniform[2 * row * (columns.count + 1)] < 0.1, row > 3 {
        // Another name, the same cells.
        lines.append(["R\(row)"] + lines[row - 2].dropFirst())
        continue
      }
      let cells = order.map { column -> String in
        let place = 2 * (row * (columns.count + 1) + column + 1)
        let (u, hole) = (Double(uniform[place]), uniform[place + 1])
        return hole < 0.15 ? mark : text(u, columns[column])
      }
      lines.append(["R\(row)"] + cells + [row % 3 == 0 ? "" : "a \"note\"\(delimiter) \(row % 5)"])
    }
    var writer = CSVWriter(delimiter: delimiter.asciiValue ?? 0x2C, lineEnd: lineEnd)
    for line in lines { writer.append(line) }
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private static func text(_ u: Double, _ column: TableSpace.Column) -> String {
    switch column.type {
    case .real: column.text((4000 * u - 40).rounded() / 100)
    case .whole, .date: column.text((40_000 * u).rounded())
    case .positive: column.text((1 + 900 * u * u).rounded() / 1000)
    case .count: column.text((30 * u * u).rounded())
    case .ordinal, .categorical, .binary: column.text(Double(Int(u * 0.999 * Double(column.categories?.count ?? 1))))
    }
  }

  // MARK: - As the command line does it

  static func compress(_ csv: [UInt8], for model: LoadedModel, chunk: Int? = nil, seed: Int = 4) throws -> (bytes: [UInt8], rate: any StreamRate) {
    let options = [("seed", seed)] + (chunk.map { [("chunk", $0)] } ?? [])
    let sent = SentRequest(contentType: .csv, options: options.map { .init(name: $0, value: "\($1)") })
    let asked = try CompressRequest(sent, on: model, limits: ServiceLimits())
    let compression = try asked.compression(of: asked.items(.csv, in: .bytes(csv)))
    var bytes: [UInt8] = []
    while let more = try compression.next() { bytes += more }
    return (bytes, compression.rate)
  }

  static func decompress(_ stream: [UInt8], by model: LoadedModel, items: String? = nil, as type: MediaType = .csv) throws -> [UInt8] {
    let reading = try Decompression(of: items, from: .bytes(stream), model: model, as: type)
    return try reading.chunks.flatMap { try reading.bytes(of: $0..<$0 + 1) }
  }
}
