internal import Formats
internal import Locking

/// The bytes of an answer whose blocks come one after the other: those of the whole answer, whatever the blocks are.
package final class StreamedAnswer: Sendable {
  private let stream: StreamedRequest
  private let count: Int
  /// Of Arrow, rows that are no batch yet.
  private let held = Protected<ArrowBatch?>(nil)

  /// - Parameter count: items of the whole answer.
  init(of stream: StreamedRequest, count: Int) { (self.stream, self.count) = (stream, count) }

  /// The bytes that a block brings, with those before the first and after the last one; of Arrow none until a batch is full.
  package func bytes(of answer: Answer, to block: any CheckedRequest) throws -> [UInt8] {
    let isFirst = block.isFirst
    switch stream.type {
    case .csv:
      let table = try answer.csv
      return isFirst ? table.bytes : table.rows(0..<table.count)
    case .arrow: return try batches(of: answer, isFirst: isFirst, isLast: block.items.firstRow + block.count == count)
    case .npy: return (isFirst ? NPY.header(shape: stream.shape(of: answer, count: count)) : []) + answer.floats
    default: return answer.floats
    }
  }

  private func batches(of answer: Answer, isFirst: Bool, isLast: Bool) throws -> [UInt8] {
    let (items, columns) = try answer.columns
    let (writer, size, new) = (columns.writer, columns.batchItems * columns.versions, columns.batch(0..<items))
    let full = held.withLock { held -> [ArrowBatch] in
      var rows = held ?? new
      if held != nil { rows.append(new) }
      var (full, start): ([ArrowBatch], Int) = ([], 0)
      while rows.count - start >= size || (isLast && start < rows.count) {
        let end = min(start + size, rows.count)
        full.append(rows.rows(start..<end))
        start = end
      }
      held = start == rows.count ? nil : rows.rows(start..<rows.count)
      return full
    }
    return (isFirst ? writer.schema : []) + full.flatMap(writer.batch) + (isLast ? ArrowStreamWriter.end : [])
  }
}
