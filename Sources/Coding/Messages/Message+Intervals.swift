// The coder. Symbol i of an array is on lane i mod lanes. Symbols are pushed last to first and popped first to last, words with them, so that n
// symbols on n lanes give the bits of Craystack's step over whole arrays.
extension Message {
  /// - Parameters:
  ///   - precision: of symbol i.
  ///   - interval: of symbol i; its frequency is at least 1.
  @inline(__always)
  mutating func push(
    _ count: Int, precision: (Int) -> Int, interval: (Int) throws(CodingError) -> Interval
  ) throws(CodingError) {
    guard count > 0 else { return }
    makeRoom(for: count)
    let (first, last) = (window.lowerBound, window.upperBound - 1)
    let floor = UInt64(floor)
    var depth = depth
    defer { self.depth = depth }
    try words.withUnsafeMutableBufferPointer { words throws(CodingError) in
      try heads.withUnsafeMutableBufferPointer { heads throws(CodingError) in
        var lane = first + (count - 1) % (last - first + 1)
        for i in stride(from: count - 1, through: 0, by: -1) {
          let precision = UInt64(precision(i))
          let interval = try interval(i)
          let frequency = UInt64(interval.frequency)
          // A symbol that has all slots changes nothing; its bound would be 2^64 where heads begin at 2^32.
          if frequency >> precision == 0 {
            var head = heads[lane]
            let isFull = head >= frequency &<< (floor &+ 32 &- precision)
            words[depth] = UInt32(truncatingIfNeeded: head)
            depth &+= isFull ? 1 : 0
            head = isFull ? head &>> 32 : head
            let quotient = head / frequency
            heads[lane] = quotient &<< precision &+ (head &- quotient &* frequency) &+ UInt64(interval.start)
          }
          lane = lane == first ? last : lane &- 1
        }
      }
    }
  }

  /// - Parameter take: given i and a slot, keeps symbol i and returns its interval, in which the slot lies.
  @inline(__always)
  mutating func pop(
    _ count: Int, precision: (Int) -> Int, take: (Int, UInt32) -> Interval
  ) throws(CodingError) {
    guard count > 0 else { return }
    makeRoom(for: 1)
    let (first, last) = (window.lowerBound, window.upperBound - 1)
    let floor = UInt64(floor)
    var depth = depth
    defer {
      self.depth = max(depth, 0)
      lowest = min(lowest, self.depth)
    }
    let popped = words.withUnsafeMutableBufferPointer { words in
      heads.withUnsafeMutableBufferPointer { heads in
        var lane = first
        for i in 0..<count {
          let precision = UInt64(precision(i))
          var head = heads[lane]
          let slot = head & (1 &<< precision &- 1)
          let interval = take(i, UInt32(truncatingIfNeeded: slot))
          head = UInt64(interval.frequency) &* (head &>> precision) &+ slot &- UInt64(interval.start)
          let isShort = head &>> floor == 0
          depth &-= isShort ? 1 : 0
          guard depth >= 0 else { return i }
          let word = UInt64(words[depth])
          heads[lane] = isShort ? head &<< 32 | word : head
          lane = lane == last ? first : lane &+ 1
        }
        return count
      }
    }
    guard popped == count else {
      throw CodingError(
        .exhausted, "message", given: "bits for \(popped) of \(count) symbols", expected: "all of them: more starting words, or the whole message")
    }
  }

  /// The same where symbols that don't wait for each other, one a lane, are found together.
  /// - Parameters:
  ///   - precision: of all symbols.
  ///   - take: given some indices and the slots of their symbols, keeps the symbols and writes their intervals.
  mutating func popBlocks(
    _ count: Int, precision: Int, take: (Range<Int>, UnsafePointer<UInt32>, UnsafeMutablePointer<Interval>) -> Void
  ) throws(CodingError) {
    let lanes = window.count
    var slots = [UInt32](repeating: 0, count: lanes)
    var intervals = [Interval](repeating: Interval(start: 0, frequency: 0), count: lanes)
    for first in stride(from: 0, to: count, by: lanes) {
      let block = first..<min(first + lanes, count)
      for place in 0..<block.count { slots[place] = UInt32(truncatingIfNeeded: heads[window.lowerBound + place] & (1 << UInt64(precision) - 1)) }
      take(block, slots, &intervals)
      try pop(block.count, precision: { _ in precision }) { place, _ in intervals[place] }
    }
  }

  /// A symbol pushed adds at most a word; one word above the top may be read, and is not heeded.
  private mutating func makeRoom(for count: Int) {
    let needed = depth + count
    if words.count < needed { words.append(contentsOf: repeatElement(0, count: max(needed, 2 * words.count) - words.count)) }
  }
}
