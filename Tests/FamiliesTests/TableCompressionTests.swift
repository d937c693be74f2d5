import Coding
import Families
import FamilyExamples
import Foundation
import Modelling
import Tensors
import Testing

/// Laws of every family with codecs for rows of tables, over small models of random weights.
@Suite("Table compression laws", .serialized)
struct TableCompressionTests {
  private static let examples = FamilyExample.all.filter { example in
    guard let model = try? example.model() as? any TableCompressing else { return false }
    return (try? TableChain(model)) != nil
  }

  private func chain(_ example: FamilyExample) throws -> TableChain { try TableChain(try #require(try example.model() as? any TableCompressing)) }

  private func start(_ chain: TableChain) throws -> Message {
    try Message(.lanes(TableChain.lanes), startingWords: chain.startingWords, key: 9)
  }

  /// Values about as the model's scaling has them, or some of them extreme, with holes where the example has them.
  private func table(_ example: FamilyExample, rows: Int, seed: UInt64 = 3, extremes: Bool = true) throws -> TableContent {
    let space = try #require(example.signature.space.table)
    let uniform = RandomKey(seed: seed).uniform([rows, space.width, 3]).scalars
    let values = (0..<rows * space.width).map { cell -> Double in
      let (column, u, kind, hole) = (space.columns[cell % space.width], uniform[3 * cell], uniform[3 * cell + 1], uniform[3 * cell + 2])
      if hole < example.holes { return .nan }
      let (low, high) = (column.minimum ?? -1e15, column.maximum ?? 1e15)
      let isExtreme = extremes && kind < 0.1
      let (offset, scale) = example.signature.space.scaling(at: cell % space.width)
      let usual = Double(offset + 1.5 * scale * (2 * u - 1))
      switch column.type {
      case .ordinal, .categorical, .binary: return Double(Int(u * Float(column.categories?.count ?? 1) * 0.9999))
      case .real: return isExtreme ? (u < 0.5 ? max(low, -123_456_789_012.5) : min(high, 987_654_321_098.5)) : max(low, (10 * usual).rounded() / 10)
      case .whole, .date: return isExtreme ? 1e14 : usual.rounded()
      case .positive: return isExtreme ? (u < 0.5 ? max(low, 0.001) : 12_345_678_901.25) : max(low, (exp(usual) * 100 + 1).rounded() / 100)
      case .count: return isExtreme ? min(high, 1e7) : min(high, max(0, (exp(usual) - 1).rounded()))
      }
    }
    return TableContent(layout: TableLayout(width: space.width), values: values, texts: [], width: space.width)
  }

  @Test("There are examples of columns of every type, and of families whose prior is one for all")
  func families() {
    #expect(Set(Self.examples.map(\.family)).isSuperset(of: ["vaeac", "vae"]))
    #expect(Self.examples.contains { $0.signature.space.table?.columns.count == 9 })
  }

  @Test("Rows come back value for value, and the message is what it was", arguments: examples)
  func roundTrip(_ example: FamilyExample) throws {
    let chain = try chain(example)
    for rows in [1, 2, 90] {
      for extremes in [true, false] {
        let table = try table(example, rows: rows, seed: UInt64(rows), extremes: extremes)
        let symbols = try TableSymbols(table, chain.space)
        for symbols in [symbols, try chain.of(rows).shortened(symbols)] {
          let start = try start(chain)
          var message = start
          try chain.of(rows).push(symbols, onto: &message)
          let popped = try chain.of(rows).pop(from: &message)
          #expect(popped == symbols && message == start, "\(rows) rows")
          #expect(popped.content(chain.space) == table)
        }
      }
    }
  }

  @Test("Constant columns, repeated rows, missing columns and texts come back", arguments: examples)
  func oddTables(_ example: FamilyExample) throws {
    let chain = try chain(example)
    let width = chain.space.width
    let some = try table(example, rows: 40)
    let known = (0..<width).map { TableLayout.Column.known($0) }
    let layout = TableLayout(
      columns: [.text("")] + known.reversed() + [.text("a; \"quoted\" é")], delimiter: UInt8(ascii: ";"), isUnixEnd: true, hasNames: false, mark: "?"
    )
    let constant = (0..<40).flatMap { _ in some.values[..<width] }
    let repeated = (0..<40).flatMap { some.values[($0 % 7) * width..<($0 % 7 + 1) * width] }
    let empty = example.holes > 0 ? [[Double](repeating: .nan, count: 40 * width)] : []
    for values in [constant, repeated] + empty {
      let texts = [(0..<40).map { "\($0)" }, (0..<40).map { $0 % 2 == 0 ? "" : "a,\n\"b\" é" }]
      let table = TableContent(layout: layout, values: values, texts: texts, width: width)
      let symbols = try TableSymbols(table, chain.space)
      let start = try start(chain)
      var message = start
      try chain.of(40).push(symbols, onto: &message)
      #expect(try chain.of(40).pop(from: &message).content(chain.space) == table && message == start)
      #expect(symbols.distinct < 8)
    }
  }

  @Test("A column of few numbers on a fine grid is listed, and takes a few bits a cell", arguments: examples)
  func listed(_ example: FamilyExample) throws {
    let chain = try chain(example)
    let width = chain.space.width
    guard let column = chain.space.columns.firstIndex(where: { $0.type == .real }) else { return }
    var values = try table(example, rows: 400, extremes: false).values
    for row in 0..<400 { values[row * width + column] = [9.5, 9.53333333333333, 10, 10.9666666666667][row % 4] }
    let symbols = try TableSymbols(
      TableContent(layout: TableLayout(width: width), values: values, texts: [], width: width), chain.space)
    let shortened = try chain.of(400).shortened(symbols)
    #expect(shortened.content(chain.space) == symbols.content(chain.space))
    func bits(_ symbols: TableSymbols) throws -> Double {
      let lengths = try chain.of(400).lengths(symbols, keys: RowKeys(RandomKey(seed: 1), rows: 0..<symbols.distinct))
      return lengths.bound + lengths.numbers
    }
    #expect(try bits(shortened) < bits(symbols) - 30 * 400)
  }

  @Test("Any number of threads gives the same bits", arguments: examples)
  func sameBits(_ example: FamilyExample) throws {
    let chain = try chain(example)
    let symbols = try TableSymbols(table(example, rows: 130), chain.space)
    defer { Parallelism.width = 1 }
    var messages: [Message] = []
    for threads in [1, 2, 3] {
      Parallelism.width = threads
      var message = try start(chain)
      try chain.of(130).push(symbols, onto: &message)
      messages.append(message)
    }
    #expect(messages[1] == messages[0] && messages[2] == messages[0])
  }

  @Test("Rows take what the bound of their cells says, to a hundredth", arguments: examples)
  func codeLength(_ example: FamilyExample) throws {
    let chain = try chain(example)
    let rows = 1500
    let symbols = try TableSymbols(table(example, rows: rows, extremes: false), chain.space)
    let start = try start(chain)
    var message = start
    try chain.of(rows).push(symbols, onto: &message)
    var bound = 0.0
    for draw in 0..<10 {
      let lengths = try chain.of(rows).lengths(symbols, keys: RowKeys(RandomKey(seed: UInt64(draw)), rows: 0..<symbols.distinct))
      bound += (lengths.bound + lengths.numbers + lengths.pattern + lengths.texts) / 10
    }
    let bits = message.bits - start.bits
    #expect(abs(bits - bound) < 0.01 * bound, "\(bits) bits, the bound is \(bound)")
  }

  @Test("A number on no decimal grid is refused by its row and column", arguments: examples)
  func strangers(_ example: FamilyExample) throws {
    let chain = try chain(example)
    guard let index = chain.space.columns.firstIndex(where: { $0.type == .real }) else { return }
    var values = try table(example, rows: 3).values
    values[2 * chain.space.width + index] = 0.1 + 0.2
    let content = TableContent(layout: TableLayout(width: chain.space.width), values: values, texts: [], width: chain.space.width)
    #expect { try TableSymbols(content, chain.space) { "\($0), \($1)" } } throws: { error in
      (error as? Fault)?.field == "2, \(index)"
    }
  }

  @Test("Models without a table, and likelihoods without codecs for cells, are refused")
  func refusals() throws {
    let vectors = try VAEAC(.init(latent: 2, hidden: 4, blocks: 0), signature: .vector(3), key: RandomKey(seed: 1))
    #expect { try TableChain(vectors) } throws: { ($0 as? Fault)?.field == "model" }
    let table = Signature.table([.init(name: "a", type: .real)], scaling: .init(offset: [0], scale: [1]))
    let laplace = try VAE(.init(latent: 2, hidden: [3], observation: .init(.laplace)), signature: table, key: RandomKey(seed: 1))
    #expect { try TableChain(laplace) } throws: { ($0 as? Fault)?.field == "likelihood" }
  }
}
