import Formats
import Modelling

/// Files of tables that keep every cell's value.
enum TableFiles {
  /// How a file of rows is written, piece by piece.
  struct Form {
    private let space: TableSpace
    private let isArray: Bool

    /// - Throws: for a path whose name tells no form, or one that such rows can't have.
    init(path: String, of space: TableSpace) throws {
      let name = path.lowercased()
      self.space = space
      isArray = name.hasSuffix(".npy")
      if isArray {
        guard let column = space.columns.first(where: \.type.isDiscrete) else { return }
        throw CommandError("\(path): an array has no place for the categories of \"\(column.name)\"; choose .csv.")
      }
      guard [".csv", ".tsv"].contains(where: name.hasSuffix) || path == "-" else {
        throw CommandError("\(path): rows are written as .csv, .tsv or .npy; the extension says which.")
      }
    }

    /// What stands before the rows.
    func head(_ layout: TableLayout, rows: Int) throws -> [UInt8] {
      if isArray {
        guard layout.texts == 0 else { throw CommandError("An array has no place for the texts of the table; choose .csv.") }
        return NPY.header(shape: [rows, space.width], isDouble: true)
      }
      guard layout.hasNames else { return [] }
      var writer = writer(layout)
      writer.append(
        layout.columns.map { column in
          switch column {
          case .known(let number): space.columns[number].name
          case .text(let name): name
          }
        })
      return writer.bytes
    }

    func bytes(_ table: TableContent) throws -> [UInt8] {
      guard !isArray else {
        var bytes: [UInt8] = []
        for value in table.values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
        return bytes
      }
      var writer = writer(table.layout)
      for row in 0..<table.count {
        var texts = table.texts.makeIterator()
        writer.append(
          table.layout.columns.map { column in
            switch column {
            case .known(let number): text(table.values[row * table.width + number], space.columns[number], table.layout)
            case .text: texts.next()?[row] ?? ""
            }
          })
      }
      return writer.bytes
    }

    private func writer(_ layout: TableLayout) -> CSVWriter {
      CSVWriter(delimiter: layout.delimiter, lineEnd: layout.isUnixEnd ? "\n" : "\r\n")
    }

    private func text(_ value: Double, _ column: TableSpace.Column, _ layout: TableLayout) -> String {
      if value.isNaN { return layout.mark }
      return column.type.isDiscrete ? column.text(value) : column.exactText(value) ?? NumberForm.plainText(value)
    }
  }
}
