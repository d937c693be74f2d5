import Formats
import Testing

@Suite struct IDXTests {
  static let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]
  static let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4]

  @Test("Labels and images are read, plain and gzipped")
  func read() throws {
    for bytes in [Self.labels, GZip.deflate(Self.labels)] {
      let (dimensions, values) = try IDX.decode(bytes)
      #expect(dimensions == [3] && values == [5, 0, 4])
    }
    for bytes in [Self.images, GZip.deflate(Self.images)] {
      let (dimensions, values) = try IDX.decode(bytes)
      #expect(dimensions == [2, 1, 2] && values == [1, 2, 3, 4])
    }
  }

  @Test("Written files are the format's bytes and read back")
  func write() throws {
    #expect(IDX.encode([5, 0, 4], dimensions: [3]) == Self.labels)
    #expect(IDX.encode([1, 2, 3, 4], dimensions: [2, 1, 2]) == Self.images)
    #expect(try IDX.decode(IDX.encode([], dimensions: [0, 28, 28, 1])).dimensions == [0, 28, 28, 1])
  }

  @Test("Sizes are checked before anything is taken")
  func sizes() throws {
    func reason(_ bytes: [UInt8], maximumElements: Int = 1 << 20) -> FormatError.Reason? {
      do throws(FormatError) {
        _ = try IDX.decode(bytes, maximumElements: maximumElements)
        return nil
      } catch { return error.reason }
    }
    #expect(reason([0, 0, 8, 4] + [UInt8](repeating: 0xFF, count: 16)) == .tooLarge)
    #expect(reason(Self.images, maximumElements: 3) == .tooLarge)
    #expect(reason(GZip.deflate(IDX.encode([UInt8](repeating: 0, count: 100_000), dimensions: [100_000])), maximumElements: 1000) == .tooLarge)
    #expect(reason([0, 0, 0x0D, 1, 0, 0, 0, 0]) == .unsupported)
    #expect(reason([0, 0, 8, 0]) == .unsupported)
    #expect(reason([0, 0, 8, 5]) == .unsupported)
    #expect(reason([1, 0, 8, 1, 0, 0, 0, 0]) == .malformed)
    #expect(reason(Self.labels + [0]) == .malformed)
    #expect(reason(Self.images, maximumElements: 4) == nil)
  }

  @Test("Truncated files are errors, damaged ones an error or as many values as declared")
  func damage() {
    for (index, bytes) in [Self.labels, Self.images, GZip.deflate(Self.images)].enumerated() {
      for prefix in Damage.truncations(of: bytes) {
        #expect(throws: FormatError.self) { try IDX.decode(prefix) }
      }
      for damaged in Damage.mutations(of: bytes, count: 2000, seed: UInt64(index)) {
        guard let (dimensions, values) = try? IDX.decode(damaged) else { continue }
        #expect(dimensions.reduce(1, *) == values.count)
      }
    }
  }
}
