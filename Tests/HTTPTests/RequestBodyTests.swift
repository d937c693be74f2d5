import HTTP
import Testing

@Suite("A body")
struct RequestBodyTests {
  @Test("is collected whole, within its limit")
  func collects() async throws {
    #expect(try await RequestBody([1, 2, 3]).collect() == [1, 2, 3])
    #expect(try await RequestBody([1, 2, 3]).collect(upTo: 3) == [1, 2, 3])
    await #expect(throws: BodyError.tooLarge(limit: 2)) { try await RequestBody([1, 2, 3]).collect(upTo: 2) }
    await #expect(throws: BodyError.tooLarge(limit: 2)) { try await RequestBody([1, 2, 3]).limited(to: 2).collect(upTo: 5) }
    #expect(try await RequestBody([]).collect() == [])
  }

  @Test("streams out of a sequence")
  func streams() async throws {
    let chunks = AsyncThrowingStream<[UInt8], any Error> { continuation in
      for byte in 0..<3 { continuation.yield([UInt8(byte)]) }
      continuation.finish()
    }
    #expect(try await ResponseBody.stream(chunks).collect() == [0, 1, 2])
  }
}
