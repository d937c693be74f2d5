internal import Formats
internal import Foundation
internal import HTTP
internal import Logging
internal import Registry

// Requests and answers that never stand in memory as a whole.
extension Application {
  /// What a request to stream brings along.
  struct StreamContext: Sendable {
    let request: Request
    let deadline: ContinuousClock.Instant?
    /// Given back when the last byte of the answer is out.
    let memory: MemoryBudget.Lease
    let account: InferenceAccount?
  }

  /// The items of a request, in memory where they are few, else in a file that the system forgets with them; and their digest.
  struct ReceivedItems: Sendable {
    let source: ItemSource
    let digest: Digest?
    /// What they hold of the disk.
    let spool: MemoryBudget.Lease
  }

  /// Where files without a name are.
  var spoolFolder: String { store.isReadOnly ? NSTemporaryDirectory() : store.directory }

  /// Takes the whole body before anything is answered: many clients read no answer before they have sent all of their request, so an answer that is as
  /// long as the request and begins with its first rows would wait for such a client for ever, and the client for it.
  func receive(_ context: StreamContext) async throws -> ReceivedItems {
    let spool = spool.open(for: context.request.remoteAddress)
    var bytes: [UInt8] = []
    var file: ItemFile?
    let digest = context.account.map { _ in RunningDigest() }
    func keep(_ chunk: [UInt8], in file: ItemFile) async throws {
      try spool.take(chunk.count)
      try await storeLanes.run {
        digest?.update(chunk)
        try file.append(chunk)
      }
    }
    for try await chunk in context.request.body {
      if let file {
        try await keep(chunk, in: file)
      } else if bytes.count + chunk.count <= limits.unspooledBytes {
        try context.memory.take(chunk.count)
        bytes += chunk
      } else {
        let new = try await storeLanes.run { [folder = spoolFolder] in try ItemFile.temporary(in: folder) }
        file = new
        try await keep(bytes, in: new)
        try await keep(chunk, in: new)
        bytes = []
      }
    }
    guard let file else { return ReceivedItems(source: .bytes(bytes), digest: nil, spool: spool) }
    return ReceivedItems(source: .file(file), digest: digest?.finish(), spool: spool)
  }

  /// Answers block by block: checks all items first, then computes and sends one block after the other, each a job of its own among those of others.
  func respond(to items: ReceivedItems, as stream: StreamedRequest, _ context: StreamContext) async throws -> Response {
    try context.memory.take(stream.blockBytes + stream.batchBytes(of: items.source))
    let checked = try await check(items, stream, context)
    let (count, warnings) = (checked.progress.rows, checked.warnings(stream.asked.itemSignature))
    if context.request.isStrict { try Problem.refuse(warnings) }
    let blocks = try stream.blocks(of: items.source, after: checked)
    let ending = StreamEnding(context.account, type: stream.type)
    let whole = stream.answer(toItems: count)
    @Sendable func next() async throws -> Block? {
      guard let block = try await batcher.run(isUnderWay: true, { try stream.next(of: blocks) }) else {
        try stream.checkCount(blocks, count)
        return nil
      }
      return try await batcher.perform(block, urgency: context.request.urgency, deadline: context.deadline, isUnderWay: true) { answer in
        let bytes = try whole.bytes(of: answer, to: block)
        ending.note(bytes)
        return Block(
          bytes: bytes, rows: block.count, shape: stream.shape(of: answer, count: count), length: stream.byteCount(first: answer, count: count))
      }
    }
    // Before the head is out an error is still an answer.
    guard let first = try await next() else { preconditionFailure("no items were refused") }
    var response = Self.head(type: stream.type, receipt: stream.asked.receipt.warning(of: warnings), shape: first.shape)
    response.kept = context.memory
    guard first.rows < count else {
      ending.noteWhole()
      response.body = .bytes(first.bytes)
      return response
    }
    response.body = body(length: first.length, ending, context) { writer in
      try await writer.write(first.bytes)
      while let block = try await next() { try await writer.write(block.bytes) }
      // The file of the items, and what it holds of the disk, go with the last block.
      withExtendedLifetime(items) {}
    }
    return response
  }

  private struct Block: Sendable {
    let bytes: [UInt8]
    let rows: Int
    /// Of the whole answer.
    let shape: [Int]
    let length: Int?
  }

  /// Checks all items, block by block, so that other requests are read in between.
  /// - Returns: them, read to their end.
  private func check(_ items: ReceivedItems, _ stream: StreamedRequest, _ context: StreamContext) async throws -> ItemBlocks {
    let blocks = try stream.blocks(of: items.source)
    while try await batcher.run({ try stream.check(next: blocks) }) {}
    if let account = context.account {
      try await batcher.run {
        let digest = try items.digest ?? SHA256.digest(items.source.whole())
        let type = context.request.headers["Content-Type"].flatMap(MediaType.init(contentType:))
        let input = InferenceRecord.Input(digest: digest, type: type?.name, body: nil)
        try account.note(stream.asked, on: items.source, input, items: blocks.progress.rows)
      }
    }
    return blocks
  }

  /// The body of a large answer that is computed: its pieces are written on lanes, one when the one before it is out.
  func body(of pieces: AnswerPieces, length: Int?, as type: MediaType, _ context: StreamContext) -> ResponseBody {
    let ending = StreamEnding(context.account, type: type)
    return body(length: length, ending, context) { [batcher] writer in
      for index in pieces.indices {
        try await writer.write(
          batcher.run(isUnderWay: true) {
            let bytes = pieces[index]
            ending.note(bytes)
            return bytes
          })
      }
    }
  }

  /// A streamed body that holds its memory until it ends, tells the record of the request how it ended, and the log why it was cut.
  func body(
    length: Int?, _ ending: StreamEnding, _ context: StreamContext, _ write: @escaping @Sendable (BodyWriter) async throws -> Void
  ) -> ResponseBody {
    ending.begin()
    return .stream(length: length) { [logger] writer in
      defer { withExtendedLifetime(context.memory) {} }
      do {
        try await write(writer)
        ending.finish()
      } catch {
        let reason = ending.cut(by: error)
        logger.warning("\(context.request.method) \(context.request.target.prefix(256)): \(reason)")
        throw error
      }
    }
  }
}
