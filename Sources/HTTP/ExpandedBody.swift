extension RequestBody {
  /// This body expanded from `coding` as it is read; its limit holds for the expanded bytes.
  func expanded(from coding: ContentCoding, within expansion: ExpansionLimit) -> RequestBody {
    RequestBody(source: ExpandedBody(source, coding: coding, expansion: expansion), length: length == 0 ? 0 : nil, limit: limit)
  }
}

/// Pulls compressed chunks and gives out expanded ones of at most 64 KiB, so that a bomb is stopped by the body's limit, not by the memory.
private actor ExpandedBody: BodySource {
  private let source: any BodySource
  private let inflater: Inflater
  private let expansion: ExpansionLimit
  private var taken = 0
  private var given = 0
  private var isAtEnd = false

  /// No encoder makes a body larger than this over what it expands to; empty blocks without end would never reach a limit on expanded bytes.
  private static let slack = 1024 * 1024

  init(_ source: any BodySource, coding: ContentCoding, expansion: ExpansionLimit) {
    self.source = source
    self.expansion = expansion
    inflater = Inflater(coding)
  }

  func nextChunk() async throws(BodyError) -> [UInt8]? {
    while !isAtEnd {
      do {
        if let bytes = try inflater.next() {
          given += bytes.count
          guard expansion.allows(given, from: taken) else { throw BodyError.expandsTooFar(expansion) }
          return bytes
        }
      } catch let error as BodyError {
        throw error
      } catch {
        throw .undecodable
      }
      guard let chunk = try await source.nextChunk() else {
        isAtEnd = true
        // A body without a single byte has no coding either.
        guard taken > 0 else { return nil }
        do { try inflater.finish() } catch { throw .undecodable }
        return nil
      }
      taken += chunk.count
      guard taken <= given + Self.slack else { throw .undecodable }
      inflater.feed(chunk)
    }
    return nil
  }
}
