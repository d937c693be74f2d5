import Foundation
import HTTP
import Registry
import Service
import Testing

@Suite("The page")
struct PageTests {
  private static var sources: [String: [UInt8]] {
    get throws {
      let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      let folder = project.appendingPathComponent("Sources/Page")
      let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.contains(".") }
      return try Dictionary(uniqueKeysWithValues: paths.map { ($0, Array(try Data(contentsOf: folder.appendingPathComponent($0)))) })
    }
  }

  /// Where the document says that its files are.
  private static func assets(_ document: String) throws -> String { String(try #require(document.firstMatch(of: /\/page\/[0-9a-f]{16}/)).output) }

  @Test("every file of Sources/Page is served as it stands there, to be kept for good, under a digest of all of them")
  func files() async throws {
    let fixture = try ServiceFixture()
    let assets = try Self.assets(try await fixture.get("/").text)
    let sources = try Self.sources
    #expect(sources.count > 10 && sources["index.html"] != nil)
    for (path, bytes) in sources where path != "index.html" {
      let answer = try await fixture.get("\(assets)/\(path)")
      #expect(answer.status == 200 && answer.body == bytes, "\(path)")
      #expect(answer.headers["Cache-Control"] == "public, max-age=31536000, immutable")
      #expect(try await fixture.get("\(assets)/\(path)", ["If-None-Match": try #require(answer.headers["ETag"])]).status == 304)
    }
    for absent in ["\(assets)/nothing.js", "\(assets)/index.html", "/page/0123456789abcdef/main.js", "\(assets)/views/nothing.js"] {
      let answer = try await fixture.get(absent)
      #expect(answer.status == 404 && answer.text.contains("load the page again"), "\(absent)")
    }
  }

  @Test("its modules import only files that there are, and every file is used")
  func imports() throws {
    let sources = try Self.sources
    var used: Set<String> = ["index.html", "main.js", "style.css", "icon.svg"]
    for (path, bytes) in sources where path.hasSuffix(".js") {
      for match in String(decoding: bytes, as: UTF8.self).matches(of: /from "(\.[^"]+)"/) {
        let base = URL(fileURLWithPath: "/" + path).deletingLastPathComponent()
        let target = String(base.appendingPathComponent(String(match.output.1)).standardized.path.dropFirst())
        #expect(sources[target] != nil, "\(path) imports \(target)")
        used.insert(target)
      }
    }
    #expect(used == Set(sources.keys))
  }

  @Test("the document allows no script, style, picture or connection but this server's, and nothing inline")
  func policy() async throws {
    let fixture = try ServiceFixture()
    let page = try await fixture.get("/")
    let policy = try #require(page.headers["Content-Security-Policy"])
    #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'; ") && !policy.contains("unsafe") && !policy.contains("http"))
    #expect(policy.contains("frame-ancestors 'none'") && page.headers["Referrer-Policy"] == "no-referrer")
    #expect(!page.text.contains("style=") && !page.text.contains("<script>") && !page.text.contains("onclick") && !page.text.contains("{assets}"))
    for (path, bytes) in try Self.sources {
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(!text.contains("innerHTML") && !text.contains("eval(") && !text.contains("insertAdjacentHTML"), "\(path)")
      let elsewhere = text.matches(of: /https?:\/\/[A-Za-z0-9.\/]+/).map { String($0.output) }.filter { $0 != "http://www.w3.org/2000/svg" }
      #expect(elsewhere.isEmpty, "\(path) names \(elsewhere)")
    }
    #expect(try await fixture.get("/", ["If-None-Match": try #require(page.headers["ETag"])]).status == 304)
  }

  @Test("nothing that a client sends becomes part of the document")
  func markup() async throws {
    let fixture = try ServiceFixture()
    let page = try await fixture.get("/", ["Host": "<b>evil</b>"])
    #expect(page.status == 200 && page.headers["Content-Type"] == "text/html; charset=utf-8" && !page.text.contains("<b>"))
  }

  @Test("all files together are under 150 kB when they are compressed")
  func size() throws {
    let compressed = try Self.sources.values.reduce(0) { $0 + (Deflater.gzip($1)?.count ?? $1.count) }
    #expect(compressed < 150_000)
  }

  @Test("a link is traded for a key once; the key may do everything, ends by signing out, and the change log knows it")
  func signIn() async throws {
    let fixture = try ServiceFixture(requiresKeys: true)
    let made = try await fixture.exchange(.post, "/v1/admin/links", key: ServiceFixture.key)
    let link = try #require(made.member("link")?.string)
    #expect(made.status == 201 && link.contains("/#/sign-in/") && made.headers["Cache-Control"] == "no-store")
    let token = link.suffix(64)
    let traded = try await fixture.post("/v1/sign-in", json: #"{"token": "\#(token)"}"#)
    let secret = try #require(traded.member("secret")?.string)
    #expect(traded.status == 201 && traded.headers["Cache-Control"] == "no-store")
    #expect(try traded.member("expires_at")?.string != nil)
    #expect(try await fixture.get("/v1/admin/keys", key: secret).status == 200)
    let again = try await fixture.post("/v1/sign-in", json: #"{"token": "\#(token)"}"#)
    #expect(again.status == 401 && again.text.contains("used already") && again.headers["WWW-Authenticate"] != nil)
    #expect(try await fixture.get("/v1/admin/changes", key: secret).text.contains("sign-in link"))
    #expect(try await fixture.exchange(.delete, "/v1/sign-in", key: secret).status == 204)
    #expect(try await fixture.get("/v1/models", key: secret).status == 401)
    let other = try fixture.store.createKey(named: "other", scopes: [.infer], actor: "test").secret
    #expect(try await fixture.exchange(.delete, "/v1/sign-in", key: other).status == 409)
    #expect(try await fixture.get("/v1/models", key: other).status == 200)
    for wrong in ["{}", #"{"token": ""}"#, #"{"token": "\#(token)", "more": 1}"#, "[]", #"{"token": 7}"#] {
      #expect((400..<500).contains(try await fixture.post("/v1/sign-in", json: wrong).status), "\(wrong)")
    }
  }

  @Test("links end after an hour, and the oldest where too many wait")
  func ends() {
    let links = SignInLinks()
    let now = ContinuousClock.now
    let (first, second) = (links.make(at: now), links.make(at: now))
    #expect(first != second && first.utf8.count == 64)
    #expect(!links.use(first, at: now + SignInLinks.lifetime))
    #expect(links.use(second, at: now + SignInLinks.lifetime - .seconds(1)))
    #expect(!links.use(second, at: now))
    let oldest = links.make(at: now)
    for _ in 0..<1000 { _ = links.make(at: now) }
    #expect(!links.use(oldest, at: now))
  }

  @Test("samples by GET are those of POST, and a copy is checked by its seed and version alone")
  func samples() async throws {
    let fixture = try ServiceFixture()
    let target = "/v1/models/toy/sample?n=3&seed=7"
    let got = try await fixture.get(target)
    let posted = try await fixture.exchange(.post, target)
    #expect(got.status == 200 && got.body == posted.body && got.headers["Posterior-Seed"] == "7")
    let tag = try #require(got.headers["ETag"])
    let known = try await fixture.get(target, ["If-None-Match": tag])
    #expect(known.status == 304 && known.body.isEmpty && known.headers["Vary"]?.contains("Accept") == true)
    for other in ["/v1/models/toy/sample?n=3&seed=8", "/v1/models/toy/sample?n=4&seed=7", "/v1/models/vector/sample?n=3&seed=7"] {
      #expect(try await fixture.get(other, ["If-None-Match": tag]).status == 200, "\(other)")
    }
    #expect(try await fixture.get(target, ["If-None-Match": tag, "Accept": "application/octet-stream"]).status == 200)
    let unseeded = try await fixture.get("/v1/models/toy/sample?n=3", ["If-None-Match": tag])
    #expect(unseeded.status == 200 && unseeded.headers["ETag"] == nil && unseeded.headers["Cache-Control"] == "no-store")
    #expect(try await fixture.get("/v1/models/toy/sample?n=0&seed=7", ["If-None-Match": "*"]).status == 422)
    #expect(try await fixture.get("/v1/models/nobody/sample?seed=7", ["If-None-Match": tag]).status == 404)
  }
}
