extension Message {
  /// The whole message: the high words of all heads, their low words, then the stack from its top down.
  package var flattened: [UInt32] {
    heads.map { UInt32($0 >> 32) } + heads.map { UInt32(truncatingIfNeeded: $0) } + words[..<depth].reversed()
  }

  /// Reads what `flattened` writes.
  package init(_ form: Form, flattened: some RandomAccessCollection<UInt32>) throws(CodingError) {
    let lanes = try form.checked().count
    guard flattened.count >= 2 * lanes else {
      throw CodingError(.exhausted, "message", given: "\(flattened.count) words", expected: "at least two a lane, \(2 * lanes)")
    }
    let heads = zip(flattened.prefix(lanes), flattened.dropFirst(lanes)).map { UInt64($0) << 32 | UInt64($1) }
    for (lane, head) in heads.enumerated() where head >> UInt64(form.floor) == 0 || (head >> 32) >> UInt64(form.floor) != 0 {
      throw CodingError(
        .malformed, "message, head \(lane)", given: "\(head)", expected: "at least 2^\(form.floor) and less than 2^\(form.floor + 32)")
    }
    try self.init(form, heads: heads, stack: flattened.dropFirst(2 * lanes).reversed())
  }
}
