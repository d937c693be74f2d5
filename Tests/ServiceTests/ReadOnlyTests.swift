import Formats
import Foundation
import HTTP
import Registry
import Service
import Testing

@Suite("Serving without writing")
struct ReadOnlyTests {
  private static let changes: [(HTTP.Method, String, String)] = [
    (.post, "/v1/admin/models/pictures/versions", "x"), (.put, "/v1/admin/models/pictures/aliases/live", #"{"version": 1}"#),
    (.delete, "/v1/admin/models/pictures/aliases/live", ""), (.delete, "/v1/admin/models/pictures/versions/1", ""),
  ]

  @Test("a store that is only read answers as it did, and says to every change that it can't be made here")
  func store() async throws {
    let fixture = try ServiceFixture()
    let reader = try ServiceFixture(reading: fixture.directory)
    let request = #"{"n": 3, "seed": 4}"#
    let answer = try await reader.post("/v1/models/pictures/sample", json: request)
    #expect(answer.status == 200)
    #expect(answer.body == (try await fixture.post("/v1/models/pictures/sample", json: request).body))
    let content = try fixture.content
    for (method, target, body) in Self.changes {
      let refusal = try await reader.exchange(method, target, body: Array(body.utf8), key: ServiceFixture.key)
      #expect(refusal.status == 403, "\(method) \(target): \(refusal.text)")
      #expect(try refusal.member("type")?.string == "urn:posterior:problem:read-only")
      #expect(refusal.text.contains("--read-only"))
      #expect(try await reader.exchange(method, target, body: Array(body.utf8)).status == 401)
    }
    #expect(try fixture.content == content)
    for path in ["/v1/models", "/v1/models/pictures", "/v1/runs", "/metrics"] { #expect(try await reader.get(path).status == 200) }
  }
}
