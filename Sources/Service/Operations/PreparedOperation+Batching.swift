internal import Tensors

// What requests are gathered by, and how rows of several of them are computed as one batch.
extension PreparedOperation {
  var batchKey: BatchKey { BatchKey(model: model.digest, operation: type(of: request).name, options: request.rowOptions) }

  var rowWeight: Double { request.rowWeight }

  /// Numbers of the answer, or more.
  var answerNumbers: Int { count * request.answerWidth(model) }

  /// Memory that the answer needs on its way out: the numbers twice, once in parts and once joined, and their text where it is written at once.
  var answerBytes: Int { answerNumbers * (hasLongAnswer ? 9 : 20) }

  /// Seconds that a unit of cost may take before any was measured: a multiplication and an addition a parameter, at ten thousand million a second.
  var guessedSecondsPerUnit: Double { Double(model.parameterCount) * 2 / 1e10 }

  /// The answers to rows of requests that share a key, one tensor a share.
  static func compute(_ shares: [(operation: PreparedOperation, rows: Range<Int>)]) throws -> [Tensor] {
    precondition(!shares.isEmpty, "a batch of nothing")
    let values = try shares[0].operation.compute(rows: .joined(shares.map { $0.operation.rows(in: $0.rows) }))
    if shares.count == 1 { return [values] }
    var start = 0
    return shares.map { share in
      defer { start += share.rows.count }
      return values.slice(0, start..<start + share.rows.count)
    }
  }
}
