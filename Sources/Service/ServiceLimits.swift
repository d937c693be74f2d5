/// How much one request may ask for, and how much may wait; every refusal names the limit that it met.
package struct ServiceLimits: Hashable, Sendable {
  /// Items of one `sample` request.
  package var sampledItems = 10_000
  /// Characters of the texts of one `sample` request.
  package var sampledCharacters = 1 << 20
  /// Multiplications of one request whose items are drawn pixel by pixel.
  package var drawnMultiplications = 1 << 38
  /// Numbers of one answer: items times numbers an item.
  package var answerNumbers = 32 << 20
  /// Items that one request may send.
  package var inputItems = 50_000
  /// Numbers that one request may send.
  package var inputNumbers = 32 << 20
  /// Characters of the texts that one request may send, each counted as long as the longest.
  package var inputCharacters = 4 << 20
  /// Importance-weighted draws an item of one `score` request.
  package var scoreDraws = 10_000
  /// Draws of one `score` request over all its items.
  package var scoreDrawsTotal = 1_000_000
  /// Latent draws an item of one `impute` request.
  package var imputationDraws = 1000
  /// Items of one audit, and evaluations of the model that it may take: answered at once, and with `Prefer: respond-async`.
  package var auditItems = 10_000
  /// Numbers of all perturbed items of one audit.
  package var auditNumbers = 16 << 20
  package var promptAuditEvaluations = 1_000_000
  package var auditEvaluations = 100_000_000
  /// Audits that wait for their turn beside the one that is computed.
  package var waitingAudits = 16
  /// Bytes of a request body that is read as a whole and isn't a model.
  package var bodyBytes = 64 << 20
  /// Bytes of a request body that is read block by block, of all such bodies on disk at once, and of those of one client.
  package var streamedBodyBytes = 4 << 30
  package var spooledBytes = 16 << 30
  package var spooledBytesPerClient = 4 << 30
  /// Bytes of such a body up to which it is kept in memory; more goes to a file without a name.
  package var unspooledBytes = 1 << 20
  /// Rows of a block of a streamed request, numbers of its items and answers, draws of all its rows; the cut doesn't change the result.
  package var streamedRows = 4096
  package var streamedNumbers = 1 << 18
  package var streamedDraws = 1 << 16
  /// Numbers of an answer from which it is written piece by piece.
  package var streamedAnswerNumbers = 1 << 16
  /// Bytes of one batch of an Arrow stream, which is read as a whole.
  package var arrowBatchBytes = 256 << 20
  /// Bytes that requests hold at once, read or about to be written; more are answered 503.
  package var heldBytes = 1 << 30
  /// Bytes of a model file.
  package var modelBytes = 4 << 30
  /// Requests that wait for a lane; more are answered 503.
  package var waitingRequests = 256
  /// Models kept ready, and the bytes of their weights together.
  package var loadedModels = 64
  package var loadedBytes = 8 << 30
  /// How long a model whose file is damaged is refused before the file is read again.
  package var damagedModelPause = Duration.seconds(30)
  /// How often to look whether a process that was killed left a run.
  package var takeoverInterval = Duration.seconds(2)
  /// Entries of one page of a list.
  package var pageEntries = 100
  /// Names that a "not found" answer lists.
  package var listedNames = 20
  /// Rows computed together; the cut doesn't change the result.
  package var blockRows = 256
  /// Numbers of the items of one block.
  package var blockNumbers = 4 << 20
  /// Numbers of an answer from which it is written beside the batches instead of right after its own.
  package var longAnswerNumbers = 1 << 18
  /// Bytes of a body from which it is read on a lane; a smaller one costs less than the way there.
  package var longBodyBytes = 16 << 10

  package init() {}
}
