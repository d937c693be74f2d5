internal import Formats

extension Answer {
  /// The bytes of the answer: the same for the same numbers, over HTTP and on the command line.
  package func bytes(as type: MediaType, receipt: Receipt) throws -> [UInt8] { try pieces(as: type, receipt: receipt).joined }

  func document(_ receipt: Receipt) -> JSONDocument {
    let shape = JSONValue.array(shape.map(JSONValue.integer))
    return .object(receipt.members.map { .init(name: $0.name, value: $0.value) } + [.init(name: "shape", value: shape)] + members)
  }

  var csv: AnswerTable {
    get throws {
      guard let table else { throw Self.unavailable(.csv) }
      return table()
    }
  }

  var columns: (count: Int, columns: AnswerColumns) {
    get throws {
      guard let table = table?(), let columns = table.columns else { throw Self.unavailable(.arrow) }
      return (table.count, columns)
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
    FloatBytes.append(numbers(0..<count), to: &bytes)
    return bytes
  }
}
