internal import Formats
package import Modelling

/// A request on items that are read, computed and answered block by block: in bounded memory, however many they are.
///
/// The items are read twice. The first pass checks every one and counts them, so that a fault is told by its row before a byte of the answer is out, and
/// the answer's length is known where its format says it; the second computes. The answer has the bytes that it has when all items are computed together,
/// since a row's numbers depend on (seed, row) alone. CSV, Arrow, NPY and raw floats stream in and out; JSON is read and written as a whole, since its
/// parts interleave, and so are the numbers of several completed tables, which stand table by table.
package struct StreamedRequest: Sendable {
  /// What is asked, before any item.
  package let asked: any CheckedRequest
  /// What the items come as, and what the answer is written in.
  private let inputType: MediaType
  package let type: MediaType
  private let limits: ServiceLimits
  private let table: TableOptions?
  /// Rows of a block at most, and the memory that it takes with its text as it came and as it goes.
  package let blockRows: Int
  package let blockBytes: Int

  /// - Returns: nil where the items or the answer can't be streamed.
  package init?(
    _ asked: any CheckedRequest, items inputType: MediaType?, as type: MediaType, limits: ServiceLimits, table: TableOptions? = TableOptions()
  ) {
    guard asked.itemRole != .references, let inputType, ItemReader.types.contains(inputType) else { return nil }
    guard type == .csv || type == .arrow || (asked.streamsNumbers && ItemReader.types.contains(type)) else { return nil }
    (self.asked, self.inputType, self.type, self.limits, self.table) = (asked.answered(in: type), inputType, type, limits, table)
    // Of every row: what it was, what it is in every answer, and what is believed of numbers that were missing.
    let width = asked.itemSignature.width
    let numbers = width * (asked.itemRole == .completed ? 5 : 1) + asked.answerWidth
    blockRows = max(1, min(limits.streamedRows, limits.streamedNumbers / numbers, Int(Double(limits.streamedDraws) / asked.rowWeight)))
    blockBytes = blockRows * numbers * 24 + ([.csv, .arrow].contains(inputType) ? blockRows * width * 100 : 0)
  }

  /// The items of a source in blocks, from the first row.
  /// - Parameter checked: the same items, read in the first pass; in the second they are wanted back word for word.
  package func blocks(of source: ItemSource, after checked: ItemBlocks? = nil) throws -> ItemBlocks {
    ItemBlocks(
      source,
      try ItemReader(
        inputType, signature: asked.itemSignature, blockRows: blockRows, limits: limits, options: table,
        keepingText: checked != nil && asked.itemRole == .completed, codes: asked.codes, written: checked?.written))
  }

  /// What reading takes beside a block: of Arrow the batch that rows are in, as it came and apart from the rest.
  func batchBytes(of source: ItemSource) -> Int { inputType == .arrow ? 2 * min(source.byteCount, limits.arrowBatchBytes) : 0 }

  // MARK: - The first pass

  /// Checks the next block.
  /// - Returns: false when there is none left.
  package func check(next blocks: ItemBlocks) throws -> Bool {
    guard let items = try blocks.next() else {
      guard blocks.progress.rows > 0 else { throw Items.empty("the body") }
      if asked.itemRole == .completed { try asked.check(hasMissing: blocks.hasMissing) }
      return false
    }
    try asked.check(items, limits)
    blocks.note(items, asked.itemSignature, completing: asked.itemRole == .completed)
    return true
  }

  // MARK: - The second pass

  /// The next block, ready to be computed; nil when there is none left.
  package func next(of blocks: ItemBlocks) throws -> (any CheckedRequest)? {
    // The first pass has surveyed all of them.
    try blocks.next().map { try asked.about($0, warnings: [], limits) }
  }

  /// What writes the answer to so many items.
  package func answer(toItems count: Int) -> StreamedAnswer { StreamedAnswer(of: self, count: count) }

  /// The shape of the whole answer, of which this is the part of a block.
  package func shape(of answer: Answer, count: Int) -> [Int] {
    var shape = answer.shape
    shape[answer.itemAxis] = count
    return shape
  }

  /// Bytes of the whole answer where they are known before it is written.
  package func byteCount(first answer: Answer, count: Int) -> Int? {
    let shape = shape(of: answer, count: count)
    let numbers = 4 * shape.reduce(1, *)
    switch type {
    case .csv, .arrow: return nil
    case .npy: return NPY.header(shape: shape).count + numbers
    default: return numbers
    }
  }

  // MARK: - Both

  /// Both passes on this thread.
  /// - Parameters:
  ///   - progress: told the bytes read of both passes together, and those that there are.
  ///   - noted: told once what a user should know of how the items were read, and what is doubtful about them; may throw.
  ///   - write: takes the answer's bytes, piece by piece.
  package func perform(
    on source: ItemSource, progress: (_ read: Int, _ of: Int) -> Void = { _, _ in },
    noted: (_ notes: [String], _ warnings: [String]) throws -> Void = { _, _ in },
    write: ([UInt8]) throws -> Void
  ) throws {
    let total = 2 * source.byteCount
    let checking = try blocks(of: source)
    while try check(next: checking) { progress(checking.progress.bytes, total) }
    let count = checking.progress.rows
    try noted(checking.notes, checking.warnings(asked.itemSignature))
    let computing = try blocks(of: source, after: checking)
    let answer = answer(toItems: count)
    while let block = try next(of: computing) {
      try write(answer.bytes(of: block.perform(), to: block))
      progress(total / 2 + computing.progress.bytes, total)
    }
    try checkCount(computing, count)
  }

  /// A file may have changed between the passes.
  package func checkCount(_ blocks: ItemBlocks, _ count: Int) throws {
    guard blocks.progress.rows == count else {
      throw Problem(.conflict, "The items changed while they were read: \(count) rows, then \(blocks.progress.rows).", field: "body")
    }
  }
}
