import Data
import Formats
import Foundation
import Learning
import Modelling
import TemporaryFolders
import Tensors
import Testing

@Suite("Texts")
struct TextTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func load(_ source: DataSource) throws -> DataSet { try source.load() }

  private func texts(_ data: DataSet) throws -> [String] {
    let space = try #require(data.signature.space.tokens)
    let values = data.raw(0..<data.count)
    return (0..<data.count).map { space.text(of: values.slice(0, $0..<$0 + 1).scalars) }
  }

  @Test("a text's windows are its items, by numbers that stay, and read it from its beginning")
  func windows() throws {
    let text = "To be, or not to be: that is the qu\u{E9}stion."
    let path = try folder.file("t.txt", text)
    let whole = try load(DataSource(source: path))
    #expect(whole.count == text.unicodeScalars.count && whole.signature.width == 1 && whole.digest == SHA256.digest(Array(text.utf8)))
    #expect(try texts(whole).joined() == text)
    let windows = try load(DataSource(source: path, format: .text, window: SignalWindows(length: 5)))
    let tokens = try #require(windows.signature.space.tokens)
    #expect(tokens.atMost == 5 && tokens.vocabulary == Vocabulary(of: text))
    let cut = try texts(windows)
    #expect(cut.count == text.unicodeScalars.count / 5 && text.hasPrefix(cut.joined()))
    #expect(tokens.text(of: windows.raw([3]).scalars) == cut[3] && windows.prefix(2).count == 2)
    let overlapping = try load(DataSource(source: path, format: .text, window: SignalWindows(length: 5, stride: 1)))
    #expect(try texts(overlapping).prefix(2) == ["To be", "o be,"])
    for (length, stride) in [(0, 1), (1000, 1), (2, 0)] {
      #expect(throws: DataError.self) { try load(DataSource(source: path, window: SignalWindows(length: length, stride: stride))) }
    }
  }

  private func row(_ batch: Tensor, _ row: Int) -> [Float] { batch.slice(0, row..<row + 1).scalars }

  @Test("row b of a batch of a text goes on where row b of the batch before ended, and every character is learnt from once", arguments: [1, 2, 3])
  func stream(rows: Int) throws {
    let characters = (0..<100).compactMap { Unicode.Scalar(UInt32(300 + $0)) }
    let path = try folder.file("s.txt", String(String.UnicodeScalarView(characters)))
    // A window has one character more than the next one begins after: what comes after its last one is known.
    let data = try load(DataSource(source: path, window: SignalWindows(length: 5, stride: 4)))
    let order = EpochOrder(Array(0..<data.count), batchSize: rows, data.order, key: RandomKey(seed: 1))
    let items = order.epoch(0)
    let batches = (0..<order.batches).map { data.raw(Array(items[order.range(of: $0)])) }
    #expect(batches.count == 24 / rows && batches.allSatisfy { $0.shape == [rows, 5] })
    for (before, after) in zip(batches, batches.dropFirst()) {
      for row in 0..<rows { #expect(self.row(before, row).last == self.row(after, row).first) }
    }
    // Codes are places here.
    let read = (0..<rows).flatMap { row in batches.flatMap { self.row($0, row).dropLast() } }
    #expect(read == (0..<96).map(Float.init))
  }

  @Test("a line is an item, whatever ends it, and rows are as wide as the longest")
  func lines() throws {
    let path = try folder.file("l.txt", "one\r\ntwo\n\nthr\u{E9}e\nx")
    let data = try load(DataSource(source: path, format: .lines))
    #expect(data.signature.width == 5 && data.count == 4)
    #expect(try texts(data) == ["one", "two", "thr\u{E9}e", "x"])
    let batch = data.batch([2, 3])
    #expect(data.lengths(of: batch) == [5, 1])
    #expect(try TextSource(path, vocabulary: Vocabulary(of: "onetwhr\u{E9}x")).lines().signature.space.tokens?.vocabulary.count == 9)
    let error = #expect(throws: DataError.self) { try TextSource(path, vocabulary: Vocabulary(of: "onetwhrx")).lines() }
    #expect(error?.description.contains("\"\u{E9}\" (U+00E9)") == true && error?.description.contains("character 9") == true)
    #expect(throws: DataError.self) { try load(DataSource(source: folder.file("empty.txt", "\n\n"), format: .lines)) }
  }

  @Test("a text for a model is read in the model's vocabulary and cut into texts that it takes, its lines one by one")
  func forModels() throws {
    let path = try folder.file("m.txt", "abcab\nbc\na")
    let space = TokenSpace(Vocabulary(of: "abc\nd"), atMost: 4)
    let pieces = try DataSource(source: path).load(for: space)
    #expect(try texts(pieces) == ["abca", "b\nbc", "\na"] && pieces.signature == Signature(.tokens(space)) && pieces.order == .shuffled)
    #expect(pieces.lengths(of: pieces.batch([0, 2])) == [4, 2])
    let lines = try DataSource(source: path, format: .lines).load(for: TokenSpace(space.vocabulary, atMost: 50))
    #expect(try texts(lines) == ["abcab", "bc", "a"] && lines.raw([2]).shape == [1, 5])
    for (source, words) in [
      (DataSource(source: path, format: .lines), "has 5 characters, the model takes 4"),
      (DataSource(source: try folder.file("e.txt", "")), "has no character"),
      (DataSource(source: try folder.file("x.txt", "abx")), "character 2"),
    ] {
      let error = #expect(throws: DataError.self) { try source.load(for: space) }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
  }

  @Test("lines of two files are pairs, each part with a vocabulary of its own")
  func pairs() throws {
    let (source, target) = (try folder.file("a.en", "a cat\na dog\n"), try folder.file("a.de", "eine Katze\nein Hund\n"))
    let data = try load(DataSource(source: source, format: .pairs, target: target))
    guard case .product(let product) = data.signature.space else {
      Issue.record("\(data.signature.space)")
      return
    }
    let spaces = product.parts.compactMap(\.space.tokens)
    #expect(product.parts.map(\.name) == ["source", "target"] && spaces.map(\.atMost) == [5, 10] && data.count == 2)
    let row = data.raw([1]).scalars
    #expect(spaces[0].text(of: row.prefix(5)) == "a dog" && spaces[1].text(of: row.dropFirst(5)) == "ein Hund")
    #expect(data.signature.space.firstRefused(in: data.raw(0..<2)) == nil)
    for (other, words) in [("eine Katze\n", "2 lines"), ("eine Katze\n\nx\n", "2 lines"), ("eine Katze\n\n", "line 2")] {
      let error = #expect(throws: DataError.self) {
        try load(DataSource(source: source, format: .pairs, target: folder.file("b.de", other)))
      }
      #expect(error?.description.contains(words) == true, "\(other.debugDescription): \(error?.description ?? "")")
    }
    #expect(throws: DataError.self) { try load(DataSource(source: source, format: .pairs)) }
    #expect(throws: DataError.self) { try load(DataSource(source: source, format: .lines, target: target)) }
  }

  @Test("gzip's files are unpacked, and what is no UTF-8 is refused with its place")
  func bytes() throws {
    let packed = try folder.file("t.txt.gz", GZip.deflate(Array("hello\nhello".utf8)))
    #expect(try texts(load(DataSource(source: packed))).joined() == "hello\nhello")
    for bytes in [[0x61, 0xFF, 0x62], [0x61, 0xC3], [0x61, 0xC3, 0x61], [0x61, 0x80], [0x61, 0xC0, 0x80], [0x61, 0xED, 0xA0, 0x80]] as [[UInt8]] {
      let path = try folder.file("bad.txt", bytes)
      for format in [DataSource.Format.text, .lines] {
        let error = #expect(throws: DataError.self) { try load(DataSource(source: path, format: format)) }
        #expect(error?.description.contains("byte 1") == true, "\(bytes)")
      }
    }
  }
}
