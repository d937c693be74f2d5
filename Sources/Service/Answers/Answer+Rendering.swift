internal import Formats

extension Answer {
  /// The bytes of the answer: the same for the same numbers, over HTTP and on the command line.
  package func bytes(as type: MediaType, receipt: Receipt) throws -> [UInt8] {
    switch type {
    case .csv: csv?() ?? table
    case .png: try png?() ?? grid
    case .npy: NPY.encode(scalars, shape: shape)
    case .floats: floats
    default: document(receipt)
    }
  }

  private func document(_ receipt: Receipt) -> [UInt8] {
    let shape = JSONValue.array(shape.map(JSONValue.integer))
    return JSONValue.object(receipt.members + [.init(name: "shape", value: shape)] + members).text
  }

  private var table: [UInt8] {
    let columns = columns ?? []
    var header = CSVWriter()
    header.append(columns)
    var bytes = header.bytes
    bytes.reserveCapacity(bytes.count + 12 * scalars.count)
    scalars.withUnsafeBufferPointer { scalars in
      for start in stride(from: 0, to: scalars.count, by: columns.count) {
        FloatText.appendList(UnsafeBufferPointer(rebasing: scalars[start..<start + columns.count]), to: &bytes, missing: "")
        bytes.append(0x0D)
        bytes.append(0x0A)
      }
    }
    return bytes
  }

  private var floats: [UInt8] {
    var bytes: [UInt8] = []
    FloatBytes.append(scalars, to: &bytes)
    return bytes
  }

  /// Several pictures are one grid.
  private var grid: [UInt8] {
    get throws {
      guard let picture else { preconditionFailure("an answer that is no picture") }
      let raster = ImageGrid.arrange(
        scalars.map(picture.sample), count: shape[0], height: picture.height, width: picture.width, channels: picture.channels)
      return try PNG.encode(raster)
    }
  }
}
