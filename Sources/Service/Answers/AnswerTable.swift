internal import Formats
internal import Tensors

/// An answer as a table in CSV, row by row.
package struct AnswerTable: Sendable {
  /// Records below the header; more than one line each where a record has several versions.
  let count: Int
  let header: [UInt8]
  let rows: @Sendable (Range<Int>) -> [UInt8]

  init(count: Int, header: [UInt8], rows: @escaping @Sendable (Range<Int>) -> [UInt8]) {
    (self.count, self.header, self.rows) = (count, header, rows)
  }

  /// Numbers under their names; values: [items, columns].
  init(_ values: Tensor, columns: [String]) {
    var header = CSVWriter()
    header.append(columns)
    let width = columns.count
    self.init(count: values.shape[0], header: header.bytes) { [scalars = values.scalars] range in
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
