package import Modelling

/// Cuts a recording, one row a moment and one column a channel, into windows that are items of their own.
///
/// A window is a vector of length · channels numbers, moment by moment: t0 x, t0 y, t0 z, t1 x, ...
package struct SignalWindows: Settings {
  /// Moments of a window, or characters.
  package var length: Int
  /// Moments from the start of one window to that of the next; `length` where absent, so that windows do not overlap.
  package var stride: Int?

  package init() { self.init(length: 0) }

  package init(length: Int, stride: Int? = nil) { (self.length, self.stride) = (length, stride) }

  package static let table = Table<Self> {
    Setting("length", \.length, in: 1...100_000, required: true, "Moments of a window, or characters of a text.")
    Setting("stride", \.stride, in: 1..., "Moments from the start of one window to that of the next; absent: length, so that windows do not overlap.")
  }

  /// The windows of a recording, the moments after the last whole one left out; the class of a window is the one that most of its moments have.
  func cut(_ recording: DataSet) throws -> DataSet {
    let text = recording.order == .stream ? recording.signature.space.tokens : nil
    guard recording.signature.space.isRow || text != nil else {
      let kind = recording.signature.space.kind.rawValue
      throw DataError("data.window is for recordings, a row a moment, and for one long text; \(recording.name) holds items of kind \(kind)")
    }
    if let column = recording.signature.space.table?.columns.first(where: { !$0.type.isLinear }) {
      throw DataError("data.window is for columns of real numbers; \"\(column.name)\" of \(recording.name) is \(column.type.rawValue)")
    }
    let step = stride ?? length
    guard recording.count >= length else {
      let moments = text == nil ? "moments" : "characters"
      throw DataError("\(recording.name) has \(recording.count) \(moments), expected at least the \(length) of a window")
    }
    let space = text.map { Space.tokens(TokenSpace($0.vocabulary, atMost: length)) }
    let signature = Signature(space ?? .vector(VectorSpace(length * recording.signature.width)))
    try signature.check()
    let starts = Array(Swift.stride(from: 0, through: recording.count - length, by: step))
    let labels = recording.labels.map { labels in
      Labels(names: labels.names, codes: starts.map { Self.commonest(labels.codes[$0..<$0 + length]) }, digest: labels.digest)
    }
    return DataSet(
      name: recording.name, rows: WindowRows(base: recording.rows, length: length, step: step), signature: signature, digest: recording.digest,
      labels: labels, order: recording.order)
  }

  /// The code that occurs most, the smallest of several.
  private static func commonest(_ codes: ArraySlice<Int>) -> Int {
    let counts = codes.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    return counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key ?? -1
  }
}
