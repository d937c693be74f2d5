import Formats
import Foundation
import HTTP
import ModelFiles
import Registry
import Service
import Testing

/// Every route, asked with every sort of key, on a server that needs keys and on one that needs none.
@Suite("Who may do what")
struct AuthorisationTests {
  enum Requirement: Sendable { case nothing, infer, metrics, admin }

  /// What the contract says of a path. A route that stands elsewhere has to be named here, so that none is open by mistake.
  static func requirement(_ route: Route) -> Requirement {
    switch route.pattern {
    case "/", "/healthz", "/openapi.yaml", "/readyz", "/v2/health/live", "/v2/health/ready": .nothing
    case let pattern where pattern.hasPrefix("/page/"): .nothing
    case "/v1/sign-in" where route.method == .post: .nothing
    case "/metrics": .metrics
    case "/v1/models/{model}/file": .admin
    case let pattern where pattern.hasPrefix("/v1/admin/") || pattern.hasPrefix("/v2/repository/models/"): .admin
    default: .infer
    }
  }

  enum Key: String, CaseIterable, Sendable { case none, infer, restricted, metrics, admin, builtIn, expired, revoked, unknown }

  enum Outcome: Equatable { case passes, unauthenticated, forbidden }

  /// The policy: rows are keys, columns what a route requires.
  static func expected(_ key: Key, _ requirement: Requirement, needsKeys: Bool, isListedModel: Bool) -> Outcome {
    if requirement == .nothing { return .passes }
    switch (key, requirement) {
    case (.expired, _), (.revoked, _), (.unknown, _): return .unauthenticated
    case (.none, .admin): return .unauthenticated
    case (.none, _): return needsKeys ? .unauthenticated : .passes
    case (.admin, _), (.builtIn, _): return .passes
    case (.infer, .infer), (.metrics, .metrics): return .passes
    case (.restricted, .infer): return isListedModel ? .passes : .forbidden
    default: return .forbidden
    }
  }

  @Test("every route keeps to the policy, for every sort of key", arguments: [false, true])
  func table(needsKeys: Bool) async throws {
    let fixture = try ServiceFixture(requiresKeys: needsKeys)
    let secrets = try await Self.keys(in: fixture.store)
    let runs = ["vector": try Self.run(of: "vector", in: fixture.store), "toy": try Self.run(of: "toy", in: fixture.store)]
    let routes = fixture.application.router.routes
    #expect(routes.count > 20)
    for route in routes {
      let requirement = Self.requirement(route)
      let namesModel =
        route.pattern.hasPrefix("/v1/models/{model}") || route.pattern.hasPrefix("/v2/models/{model}") || route.pattern.hasPrefix("/v1/runs/{id}")
      for model in namesModel ? ["vector", "toy"] : ["vector"] {
        let target = Self.target(route.pattern, requirement, model: model, run: runs[model] ?? "")
        for key in Key.allCases {
          let answer = try await fixture.exchange(route.method, target, key: secrets[key])
          let outcome: Outcome =
            switch answer.status {
            case 401: .unauthenticated
            case 403: .forbidden
            default: .passes
            }
          let expected = Self.expected(key, requirement, needsKeys: needsKeys, isListedModel: model == "vector")
          #expect(outcome == expected, "\(route.method) \(target) with \(key): \(answer.status) \(answer.text.prefix(200))")
          #expect(
            answer.status < 500 || ["/readyz", "/v2/health/ready"].contains(route.pattern), "\(route.method) \(target) with \(key): \(answer.text)")
          #expect((answer.status == 401 || answer.status == 403) == (answer.headers["WWW-Authenticate"] != nil))
        }
      }
    }
  }

  @Test("a key for some models sees only those in lists, and only their runs")
  func lists() async throws {
    let fixture = try ServiceFixture(requiresKeys: true)
    let secrets = try await Self.keys(in: fixture.store)
    for model in ["vector", "toy", nil] { _ = try Self.run(of: model, in: fixture.store) }
    func names(_ target: String, _ list: String, _ name: String, _ key: Key) async throws -> [String?] {
      try await fixture.get(target, key: secrets[key]).member(list)?.elements.map { $0[name]?.string } ?? []
    }
    #expect(try await names("/v1/models", "models", "name", .restricted) == ["vector"])
    #expect(try await names("/v1/models", "models", "name", .infer).count == 5)
    #expect(try await names("/v1/runs", "runs", "model", .restricted) == ["vector"])
    #expect(try await names("/v1/runs?model=toy", "runs", "model", .restricted) == [])
    #expect(try await names("/v1/runs", "runs", "model", .infer).count == 3)
    let (mine, toy) = (try Self.run(of: "vector", in: fixture.store), try Self.run(of: "toy", in: fixture.store))
    #expect(try await fixture.get("/v1/runs/compare?ids=\(mine),\(toy)", key: secrets[.restricted]).status == 403)
    #expect(try await fixture.get("/v1/runs/compare?ids=\(mine),\(toy)", key: secrets[.infer]).status == 200)
    let table = try await fixture.exchange(.get, "/v1/runs", ["Accept": "text/csv"], key: secrets[.restricted])
    #expect(table.status == 200 && table.text.contains(mine) && !table.text.contains(toy))
  }

  @Test(
    "a model that a key is not for is refused whether or not it is there, and whatever stands behind its name",
    arguments: ["toy", "toy@1", "toy@live", "nobody"])
  func restricted(_ reference: String) async throws {
    let fixture = try ServiceFixture()
    let secret = try await Self.keys(in: fixture.store)[.restricted]
    let refused = try await fixture.get("/v1/models/\(reference)", key: secret)
    #expect(refused.status == 403 && refused.text.contains("vector only"), "\(refused.text)")
    for mine in ["vector", "vector@1", "vector@live"] { #expect(try await fixture.get("/v1/models/\(mine)", key: secret).status == 200) }
    #expect(try await fixture.get("/v1/models/vector@7", key: secret).status == 404)
    #expect(try await fixture.get("/v1/runs/nobody", key: secret).status == 404)
  }

  /// Parameters that reach past the gate without changing what the next request meets.
  private static func target(_ pattern: String, _ requirement: Requirement, model: String, run: String) -> String {
    let values =
      requirement == .admin
      ? ["{name}": "nobody", "{version}": "9", "{alias}": "none", "{id}": "nobody", "{model}": model]
      : ["{model}": model, "{id}": run, "{name}": "none", "{version}": "1"]
    let file = ["{digest}": "0123456789abcdef", "{folder}": "views", "{file}": "none.js"]
    return values.merging(file) { value, _ in value }.reduce(pattern) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
  }

  private static func keys(in store: ModelStore) async throws -> [Key: String] {
    func make(_ key: Key, _ scopes: Set<KeyScope>, models: [String]? = nil, expiresAt: Timestamp? = nil) throws -> IssuedKey {
      try store.createKey(named: key.rawValue, scopes: scopes, models: models, expiresAt: expiresAt, actor: "test")
    }
    let revoked = try make(.revoked, [.admin])
    try store.revokeKey(revoked.key.id, actor: "test")
    let expired = try make(.expired, [.admin], expiresAt: Timestamp(milliseconds: Timestamp.now.milliseconds + 500))
    while store.check(key: expired.secret) != .expired(expired.key) { try await Task.sleep(for: .milliseconds(10)) }
    return [
      .infer: try make(.infer, [.infer]).secret, .restricted: try make(.restricted, [.infer], models: ["vector"]).secret,
      .metrics: try make(.metrics, [.metrics]).secret, .admin: try make(.admin, [.admin]).secret, .builtIn: ServiceFixture.key,
      .expired: expired.secret, .revoked: revoked.secret, .unknown: "pk_aaaaaaaaaaaa_" + String(repeating: "0", count: 64),
    ]
  }

  private static func run(of model: String?, in store: ModelStore) throws -> String {
    let build = BuildInformation(gitRevision: "r", compiler: "c", cpu: "p", blas: "b")
    let run = try store.start(RunDescription(kind: .evaluate, family: "vae", model: model, configuration: "{}", seed: 1, build: build))
    // The events of a run go on until it ends.
    try store.finish(run, .finished(output: nil))
    return run.description
  }
}
