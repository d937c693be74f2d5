internal import Formats
internal import Foundation
internal import HTTP
internal import Registry

extension Application {
  /// POST /v1/models/{model}/compress and /decompress.
  ///
  /// In the order of all operations: whether the model can, the type of the answer, the options, the items. Every chunk is a job of its own among
  /// those of others, and no more than one stands in memory.
  nonisolated(nonsending) func perform(_ operation: BitsOperation, _ request: Request, _ account: InferenceAccount?) async throws -> Response {
    let deadline = try request.deadline()
    let model = try await model(askedBy: request)
    account?.note(model)
    // Before the body is read: a model that can't do this needs none.
    let codec = try operation.codec(of: model)
    let memory = self.memory.open()
    defer { withExtendedLifetime(memory) {} }
    let context = StreamContext(request: request, deadline: deadline, memory: memory, account: account)
    let acceptance = Acceptance(request.headers["Accept"])
    switch operation {
    case .compress: return try await compress(context, on: model, as: acceptance.type(among: CompressRequest.mediaTypes))
    case .decompress: return try await decompress(context, on: model, as: acceptance.type(among: codec.mediaTypes(model.signature)))
    }
  }

  // MARK: - Compressing

  /// The stream is there as a whole before its first byte is sent: its rates stand in the head, and an item that can't be coded is an error instead
  /// of half a stream.
  private func compress(_ context: StreamContext, on model: LoadedModel, as type: MediaType) async throws -> Response {
    let (asked, items, held) = try await itemsToCompress(context, on: model)
    // The file of the items, and what it holds of the disk, go when they are coded.
    defer { withExtendedLifetime(held) {} }
    let compression = try asked.compression(of: items)
    let spool = AnswerSpool(
      memory: context.memory, disk: self.spool.open(for: context.request.remoteAddress), limits, folder: spoolFolder)
    while let bytes = try await job(context, isUnderWay: compression.rate.items > 0, { try compression.next() }) {
      if type == .bits { try await storeLanes.run(isUnderWay: true) { try spool.append(bytes) } }
    }
    let (rate, warnings) = (compression.rate, compression.warnings)
    if context.request.isStrict { try Problem.refuse(warnings) }
    context.account?.note(parameters: asked.parameters, seed: asked.receipt.seed, items: rate.items, keepsInput: asked.keepsInput)
    var response = Self.head(type: type, receipt: asked.receipt.warning(of: warnings), shape: asked.shape(rate.items))
    if let bits = rate.perDimension {
      for (name, value) in [("Posterior-Rate", bits.gross), ("Posterior-Rate-Net", bits.net), ("Posterior-Rate-Bound", bits.bound)] {
        response.headers[name] = String(format: "%.6g", value)
      }
    }
    response.kept = context.memory
    if type == .bits, case .file(let file) = spool.source {
      let ending = StreamEnding(context.account, type: type)
      response.body = body(length: file.byteCount, ending, context) { [storeLanes] writer in
        var place = 0
        while place < file.byteCount {
          let piece = try await storeLanes.run(isUnderWay: true) { [place] in try ItemSource.file(file).piece(at: place) }
          ending.note(piece)
          try await writer.write(piece)
          place += piece.count
        }
        withExtendedLifetime(spool) {}
      }
      return response
    }
    let bytes = type == .bits ? try spool.source.whole() : asked.document(rate, warnings).text
    context.account?.note(bytes, as: type)
    response.body = .bytes(bytes)
    return response
  }

  /// The items of a request, whose options are looked at before its items where they stand beside them.
  private func itemsToCompress(
    _ context: StreamContext, on model: LoadedModel
  ) async throws -> (asked: CompressRequest, items: ItemChunks, held: ReceivedItems?) {
    var sent = SentRequest(context.request)
    sent.memory = context.memory
    if let type = sent.contentType, ItemReader.types.contains(type) {
      let asked = try CompressRequest(sent, on: model, limits: limits)
      let received = try await receive(context)
      try context.memory.take(asked.chunkBytes(ofBody: received.source.byteCount))
      try await note(received, as: type, keeping: asked.keepsInput, context)
      return (asked, try asked.items(type, in: received.source), received)
    }
    sent.body = try await context.memory.collect(context.request.body.limited(to: limits.bodyBytes))
    return try await job(context) { [sent, limits] in
      context.account?.note(sent)
      let asked = try CompressRequest(sent, on: model, limits: limits)
      try context.memory.take(asked.chunkBytes(ofBody: sent.body.count))
      return (asked, try asked.items(of: sent), nil)
    }
  }

  // MARK: - Decompressing

  private func decompress(_ context: StreamContext, on model: LoadedModel, as type: MediaType) async throws -> Response {
    let asked = try DecompressRequest(SentRequest(context.request), on: model, as: type, limits: limits)
    let received = try await receive(context)
    try await note(received, as: .bits, keeping: asked.keepsInput, context)
    try context.memory.take(DecompressRequest.indexBytes(ofStream: received.source.byteCount))
    let reading = try await job(context) { try asked.decompression(of: received.source) }
    context.account?.note(
      parameters: asked.parameters, seed: asked.receipt.seed, items: reading.items.count, keepsInput: asked.keepsInput)
    try context.memory.take(reading.chunkBytes)
    // Before the head is out an error is still an answer.
    var next = reading.chunks.lowerBound
    while next < reading.chunks.upperBound {
      let chunks = reading.job(from: next, items: Self.checkedItems)
      try await job(context) { try reading.check(chunks) }
      next = chunks.upperBound
    }
    var response = Self.head(type: type, receipt: reading.receipt, shape: reading.shape)
    response.kept = context.memory
    guard reading.isStreamed(limits) else {
      let bytes = try await whole(reading, as: type, context)
      context.account?.note(bytes, as: type)
      response.body = .bytes(bytes)
      return response
    }
    let ending = StreamEnding(context.account, type: type)
    @Sendable func bytes(of chunks: Range<Int>) async throws -> [UInt8] {
      try await job(context, isUnderWay: chunks.lowerBound > reading.chunks.lowerBound) {
        let bytes = try reading.bytes(of: chunks)
        ending.note(bytes)
        return bytes
      }
    }
    let first = reading.job(from: reading.chunks.lowerBound)
    let beginning = try await bytes(of: first)
    response.body = body(length: reading.byteCount, ending, context) { writer in
      try await writer.write(beginning)
      var next = first.upperBound
      while next < reading.chunks.upperBound {
        let chunks = reading.job(from: next)
        try await writer.write(bytes(of: chunks))
        next = chunks.upperBound
      }
      // The file of the stream, and what it holds of the disk, go with the last chunk.
      withExtendedLifetime(received) {}
    }
    return response
  }

  /// Items whose chunks' checksums one job computes: some megabytes.
  private static let checkedItems = 1 << 16

  /// All bytes of an answer that isn't written chunk by chunk.
  private func whole(_ reading: Decompression, as type: MediaType, _ context: StreamContext) async throws -> [UInt8] {
    // The numbers, once more side by side, and their text or pixels.
    try context.memory.take(32 * reading.numbers)
    var parts: [StreamedItems] = []
    var next = reading.chunks.lowerBound
    while next < reading.chunks.upperBound {
      let chunks = reading.job(from: next)
      let more = try await job(context, isUnderWay: !parts.isEmpty) { try reading.items(of: chunks) }
      try context.memory.take(more.reduce(0) { $0 + 2 * $1.textBytes })
      parts += more
      next = chunks.upperBound
    }
    return try await job(context, isUnderWay: true) { [parts] in
      try reading.answer(parts).pieces(as: type, receipt: reading.receipt).joined
    }
  }

  // MARK: - Both

  /// A step on a lane, unless the client's time is over.
  private func job<Result: Sendable>(
    _ context: StreamContext, isUnderWay: Bool = false, _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await batcher.run(isUnderWay: isUnderWay) {
      if let deadline = context.deadline, deadline <= .now { throw DeadlineExceeded() }
      return try body()
    }
  }

  /// Tells the record of a request what came with it.
  private func note(_ received: ReceivedItems, as type: MediaType, keeping: Bool, _ context: StreamContext) async throws {
    guard let account = context.account else { return }
    try await batcher.run {
      let digest = try received.digest ?? SHA256.digest(received.source.whole())
      try account.note(InferenceRecord.Input(digest: digest, type: type.name, body: nil), from: received.source, keeping: keeping)
    }
  }
}
