internal import Formats
internal import Tensors

/// An answer as a table: in CSV row by row, and as columns with types.
package struct AnswerTable: Sendable {
  /// Records below the header; more than one line each where a record has several versions.
  let count: Int
  let header: [UInt8]
  let rows: @Sendable (Range<Int>) -> [UInt8]
  /// nil where there is only CSV.
  let columns: AnswerColumns?

  init(count: Int, header: [UInt8], columns: AnswerColumns? = nil, rows: @escaping @Sendable (Range<Int>) -> [UInt8]) {
    (self.count, self.header, self.columns, self.rows) = (count, header, columns, rows)
  }

  /// Numbers under their names; values: [items, columns].
  init(_ values: Tensor, columns: [String]) {
    var header = CSVWriter()
    header.append(columns)
    let width = columns.count
    self.init(count: values.shape[0], header: header.bytes, columns: AnswerColumns(values, columns: columns)) { [scalars = values.scalars] range in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(12 * width * range.count)
      scalars.withUnsafeBufferPointer { scalars in
        for row in range {
          FloatText.appendList(UnsafeBufferPointer(rebasing: scalars[row * width..<(row + 1) * width]), to: &bytes, missing: "")
          bytes.append(0x0D)
          bytes.append(0x0A)
        }
      }
      return bytes
    }
  }

  /// The whole table.
  var bytes: [UInt8] { header + rows(0..<count) }
}
