internal import CKernels

/// A message under way: a stack of symbols, held as the heads of an asymmetric numeral system (rANS, Duda 2013) above a stack of 32-bit words.
///
/// Symbols come back in the reverse of the order in which they were pushed. Bits that are not there are an error: nothing is ever made up. A message
/// at which a codec threw is spent: keep a copy where that matters.
package struct Message: Sendable {
  package enum Form: Hashable, Sendable {
    /// One head, kept in 2^32 ..< 2^64, as in BB-ANS (Townsend et al. 2019).
    case single
    /// As many heads side by side, each kept in 2^31 ..< 2^63, over one stack, as in Craystack: lanes don't wait for each other.
    case lanes(Int)
  }

  package let form: Form
  /// A head is at least 2^floor and less than 2^(floor + 32).
  let floor: Int
  var heads: [UInt64]
  /// The stack is the first `depth` words, its top the last of them; what lies above is room.
  var words: [UInt32]
  var depth: Int
  /// The fewest words that the stack has held: those below were never touched.
  var lowest: Int
  /// The lanes that codecs see.
  var window: Range<Int>

  /// A message that holds nothing.
  package init(_ form: Form) throws(CodingError) {
    try self.init(form, heads: [UInt64](repeating: 1 << form.floor, count: form.checked().count), stack: [])
  }

  /// A message of random bits, for bits back to begin with: any number of words, and what the heads hold beside them.
  /// - Parameters:
  ///   - key: the bits of a random key; Philox4x32-10 makes the words out of it.
  ///   - row: messages of one key and different rows are independent.
  package init(_ form: Form, startingWords: Int, key: UInt64, row: Int = 0) throws(CodingError) {
    guard startingWords >= 0, row >= 0 else {
      throw CodingError(.parameter, "starting words", given: "\(startingWords) in row \(row)", expected: "at least 0 in a row of at least 0")
    }
    var random = [UInt32](repeating: 0, count: try form.checked().count + startingWords)
    kernel_philox(key, UInt64(row), random.count, &random)
    let least = UInt64(1) << form.floor
    try self.init(
      form, heads: random[..<form.count].map { least | UInt64($0) >> UInt64(32 - form.floor) }, stack: Array(random[form.count...]))
  }

  init(_ form: Form, heads: [UInt64], stack: [UInt32]) throws(CodingError) {
    self.form = try form.checked()
    floor = form.floor
    self.heads = heads
    words = stack
    depth = stack.count
    lowest = depth
    window = heads.indices
  }

  /// The information that the message holds, in bits: what it gained by a push is the code length.
  package var bits: Double {
    heads.reduce(32 * Double(depth)) { $0 + Exponential.log(Double($1)) / Exponential.log(2) - Double(floor) }
  }

  /// Runs a codec on some of the lanes, counted from the first one that is seen.
  mutating func narrowed<Result>(
    to lanes: Range<Int>, _ body: (inout Message) throws(CodingError) -> Result
  ) throws(CodingError) -> Result {
    guard lanes.lowerBound >= 0, lanes.upperBound <= window.count, !lanes.isEmpty else {
      throw CodingError(.lanes, "lanes", given: "\(lanes)", expected: "some of \(window.count)")
    }
    let seen = window
    window = seen.lowerBound + lanes.lowerBound..<seen.lowerBound + lanes.upperBound
    defer { window = seen }
    return try body(&self)
  }
}

extension Message: Equatable {
  package static func == (a: Message, b: Message) -> Bool {
    a.form == b.form && a.heads == b.heads && a.words[..<a.depth] == b.words[..<b.depth]
  }
}

extension Message.Form {
  /// More heads than symbols stand side by side in any item; a bound on what a stream can make a reader allocate.
  static let mostLanes = 1 << 24

  var count: Int {
    switch self {
    case .single: 1
    case .lanes(let count): count
    }
  }

  var floor: Int {
    switch self {
    case .single: 32
    case .lanes: 31
    }
  }

  func checked() throws(CodingError) -> Self {
    guard (1...Self.mostLanes).contains(count) else {
      throw CodingError(.parameter, "lanes", given: "\(count)", expected: "1 to \(Self.mostLanes)")
    }
    return self
  }
}
