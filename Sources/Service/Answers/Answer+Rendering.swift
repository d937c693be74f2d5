internal import Formats

extension Answer {
  /// The bytes of the answer: the same for the same numbers, over HTTP and on the command line.
  package func bytes(as type: MediaType, receipt: Receipt) throws -> [UInt8] {
    switch type {
    case .csv: try csv.bytes
    case .png: try picture
    case .npy: NPY.encode(scalars, shape: shape)
    case .floats: bytes ?? floats
    case .text: try plainText
    default: document(receipt).text
    }
  }

  func document(_ receipt: Receipt) -> JSONValue {
    let shape = JSONValue.array(shape.map(JSONValue.integer))
    return JSONValue.object(receipt.members + [.init(name: "shape", value: shape)] + members)
  }

  var csv: AnswerTable {
    get throws {
      guard let table else { throw Self.unavailable(.csv) }
      return table()
    }
  }

  var picture: [UInt8] {
    get throws {
      guard let png else { throw Self.unavailable(.png) }
      return try png()
    }
  }

  var plainText: [UInt8] {
    get throws {
      guard let text else { throw Self.unavailable(.text) }
      return Array(text.utf8)
    }
  }

  /// What `CheckedRequest.mediaTypes` should have left out.
  private static func unavailable(_ type: MediaType) -> Problem {
    Problem(.notAcceptable, "This answer can't be had as \(type).", field: "Accept", given: type.name)
  }

  var floats: [UInt8] {
    var bytes: [UInt8] = []
    FloatBytes.append(scalars, to: &bytes)
    return bytes
  }
}
