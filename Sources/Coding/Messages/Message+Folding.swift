// A head that is written as two words holds half of that at most. Heads that are no longer needed are pushed onto the others as numbers instead
// (Townsend et al. 2020), and popped again before the first symbol.
extension Message {
  /// The same information on fewer lanes.
  package consuming func folded(to lanes: Int) throws(CodingError) -> Message {
    try checkFolding(lanes, from: 1...heads.count)
    for (few, many) in Self.steps(lanes, heads.count).reversed() {
      let surplus = Array(heads[few..<many])
      self = try resized(to: few, heads: Array(heads[..<few]))
      try narrowed(to: 0..<many - few) { message throws(CodingError) in try Benford(count: many - few).push(surplus, onto: &message) }
    }
    return self
  }

  /// The inverse of `folded`: takes the heads of the other lanes out of the message.
  package consuming func unfolded(to lanes: Int) throws(CodingError) -> Message {
    try checkFolding(lanes, from: heads.count...Form.mostLanes)
    for (few, many) in Self.steps(heads.count, lanes) {
      let surplus = try narrowed(to: 0..<many - few) { message throws(CodingError) in try Benford(count: many - few).pop(from: &message) }
      self = try resized(to: many, heads: heads + surplus)
    }
    return self
  }

  /// Lanes at most double with each step: (1, 2), (2, 4), (4, 7).
  private static func steps(_ few: Int, _ many: Int) -> [(Int, Int)] {
    var steps: [(Int, Int)] = []
    var lanes = few
    while lanes < many {
      steps.append((lanes, min(2 * lanes, many)))
      lanes = min(2 * lanes, many)
    }
    return steps
  }

  private consuming func resized(to lanes: Int, heads: [UInt64]) throws(CodingError) -> Message {
    var message = try Message(.lanes(lanes), heads: heads, stack: [])
    (message.words, message.depth, message.lowest) = (words, depth, lowest)
    return message
  }

  private func checkFolding(_ lanes: Int, from range: ClosedRange<Int>) throws(CodingError) {
    guard case .lanes = form, range.contains(lanes) else {
      throw CodingError(.lanes, "lanes", given: "\(lanes) from \(form)", expected: "\(range.lowerBound) to \(range.upperBound) from lanes")
    }
  }
}
