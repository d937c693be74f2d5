internal import Modelling
internal import Tensors

// What requests are gathered by, and how rows of several of them are computed as one batch.
extension CheckedRequest {
  var batchKey: BatchKey { BatchKey(model: model.digest, request: name, options: rowOptions) }

  /// Numbers of the answer, or more.
  var answerNumbers: Int { count * answerWidth }

  /// Memory that the answer needs until it is out: its numbers, once more where they are cut into layers, and the text of a short one; of pictures
  /// the samples as well, and the file.
  func answerBytes(as type: MediaType) -> Int {
    if type == .png { return answerNumbers * 16 }
    return hasLongAnswer ? answerNumbers * 8 + Self.pieceBytes : answerNumbers * 28
  }

  /// The pieces of text that are made, hashed, compressed and sent at one time.
  private static var pieceBytes: Int { 1 << 20 }

  /// Seconds that a unit of cost may take before any was measured: a multiplication and an addition a parameter, at ten thousand million a second.
  var guessedSecondsPerUnit: Double { Double(model.parameterCount) * 2 / 1e10 }
}

/// The answers to rows of requests that share a key, in their order.
func answers(to parts: [(request: any CheckedRequest, rows: Range<Int>)]) throws -> [RowAnswers] {
  precondition(!parts.isEmpty, "a batch of nothing")
  let found = try parts[0].request.compute(.joined(parts.map { $0.request.rows(in: $0.rows) }))
  if parts.count == 1 { return [found] }
  var start = 0
  return parts.map { part in
    defer { start += part.rows.count }
    return found.slice(start..<start + part.rows.count)
  }
}
