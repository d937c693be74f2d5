internal import Formats
internal import Modelling

extension Answer {
  /// The bytes of the answer: the same for the same numbers, over HTTP and on the command line.
  package func bytes(as type: MediaType, receipt: Receipt) throws -> [UInt8] {
    switch type {
    case .csv: table.bytes
    case .png: try png?() ?? grid
    case .npy: NPY.encode(scalars, shape: shape)
    case .floats: floats
    default: document(receipt).text
    }
  }

  func document(_ receipt: Receipt) -> JSONValue {
    let shape = JSONValue.array(shape.map(JSONValue.integer))
    return JSONValue.object(receipt.members + [.init(name: "shape", value: shape)] + members)
  }

  /// The answer as CSV: its own table, or the numbers under their names.
  var table: AnswerTable {
    if let csv { return csv }
    let columns = columns ?? []
    var header = CSVWriter()
    header.append(columns)
    return AnswerTable(count: scalars.count / max(columns.count, 1), header: header.bytes) { [scalars] range in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(12 * columns.count * range.count)
      scalars.withUnsafeBufferPointer { scalars in
        for row in range {
          FloatText.appendList(
            UnsafeBufferPointer(rebasing: scalars[row * columns.count..<(row + 1) * columns.count]), to: &bytes, missing: "")
          bytes.append(0x0D)
          bytes.append(0x0A)
        }
      }
      return bytes
    }
  }

  var floats: [UInt8] {
    var bytes: [UInt8] = []
    FloatBytes.append(scalars, to: &bytes)
    return bytes
  }

  /// Several pictures are one grid.
  var grid: [UInt8] {
    get throws {
      guard let picture else { preconditionFailure("an answer that is no picture") }
      let raster = ImageGrid.arrange(
        scalars.map(picture.sample), count: shape[0], height: picture.height, width: picture.width, channels: picture.channels)
      return try PNG.encode(raster)
    }
  }
}
