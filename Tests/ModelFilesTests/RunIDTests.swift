import Foundation
import ModelFiles
import Synchronization
import Testing

@Suite("RunID")
struct RunIDTests {
  @Test("identifiers made one after another sort in that order, and none is made twice, also by many threads")
  func ordered() {
    let ids = (0..<5000).map { _ in RunID.generate() }
    #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
    let all = Mutex<Set<RunID>>([])
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      let mine = (0..<500).map { _ in RunID.generate() }
      all.withLock { $0.formUnion(mine) }
    }
    #expect(all.withLock { $0.count } == 4000)
  }

  @Test("an identifier tells the millisecond it was made in, and none of that millisecond is smaller than the earliest")
  func time() throws {
    let before = UInt64(Date().timeIntervalSince1970 * 1000)
    let id = RunID.generate()
    // The clock may have been counted on from an identifier made in the same millisecond, never back.
    #expect(id.milliseconds >= before)
    #expect(RunID(earliestAt: id.milliseconds) <= id && id < RunID(earliestAt: id.milliseconds + 1))
    // The example of the ULID specification.
    #expect(try #require(RunID("01ARZ3NDEKTSV4RRFFQ69G5FAV")).milliseconds == 1_469_922_850_259)
    #expect(RunID(earliestAt: 1_469_922_850_259).description == "01ARZ3NDEK0000000000000000")
    #expect(RunID(earliestAt: (1 << 48) - 1).description == "7ZZZZZZZZZ0000000000000000")
  }

  @Test("an identifier is read back as written, alone and in JSON")
  func codable() throws {
    let id = RunID.generate()
    #expect(RunID(id.description) == id)
    #expect(String(decoding: try JSONEncoder().encode([id]), as: UTF8.self) == "[\"\(id)\"]")
    #expect(try JSONDecoder().decode([RunID].self, from: JSONEncoder().encode([id])) == [id])
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([RunID].self, from: Data("[\"run-1\"]".utf8)) }
  }

  @Test(
    "what is no identifier is refused",
    arguments: [
      "", "01ARZ3NDEKTSV4RRFFQ69G5FA", "01ARZ3NDEKTSV4RRFFQ69G5FAVX", "01arz3ndektsv4rrffq69g5fav", "01ARZ3NDEKTSV4RRFFQ69G5FAI",
      "81ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FA ", "' OR 1=1 --",
    ])
  func refused(_ text: String) {
    #expect(RunID(text) == nil)
  }
}
