import Data
import Evaluation
import Families
import Formats
import HTTP
import ModelFiles
import Modelling
import Registry
import Service
import Tensors
import Testing

@Suite("Score sheets")
struct ScoreSheetTests {
  private let fixture: ServiceFixture

  init() throws { fixture = try ServiceFixture.clustering() }

  private static let build = BuildInformation(gitRevision: "r", compiler: "c", cpu: "p", blas: "b")

  /// A run of a version, finished with metrics; one without any goes on.
  @discardableResult
  private func run(
    of version: ModelVersion, kind: RunKind = .evaluate, as name: String?? = nil, parameters: [String: String] = ["k": "0"],
    _ metrics: [RunMetric]? = nil, request: JobRequest? = nil
  ) throws -> RunID {
    let model = name ?? version.name
    let description = RunDescription(
      kind: kind, family: version.facts.family, model: model, version: model == version.name ? version.version : nil,
      modelDigest: version.digest, configuration: "{}", parameters: parameters, seed: 7, dataDigest: SHA256.digest([3]), build: Self.build)
    let id =
      try request.map {
        try fixture.store.start(description, specification: "{\"kind\":\"\($0.kind.rawValue)\"}", owner: "admin")
      } ?? fixture.store.start(description)
    if let metrics {
      try fixture.store.record(metrics, in: id)
      try fixture.store.finish(id, .finished(output: nil))
    }
    return id
  }

  private func likelihood(_ value: Double) -> [RunMetric] {
    [("elbo_nats", value), ("elbo_nats.standard_error", 0.5), ("bits_per_dim", 2)].map { RunMetric(name: $0, value: $1, step: 0) }
  }

  private func entries(_ reference: String, _ query: String = "", key: String? = nil) async throws -> [String: JSONValue] {
    let answer = try await fixture.get("/v1/models/\(reference)/scores\(query)", key: key)
    #expect(answer.status == 200, "\(answer.text)")
    let entries = try JSONValue(parsing: answer.body)["entries"]?.elements ?? []
    return Dictionary(uniqueKeysWithValues: entries.map { ($0["name"]?.string ?? "", $0) })
  }

  private func runs(_ entry: JSONValue?) -> [String] { entry?["runs"]?.elements.compactMap { $0["id"]?.string } ?? [] }

  // MARK: - Which runs

  @Test("a version has the runs of its own file, also from before its model had its name, and none of another version's")
  func versions() async throws {
    let first = try fixture.store.resolve("vector@1")
    let second = try fixture.publish(ModelFiles.vae(.vector(3), Observation(.gaussian), seed: 9), as: "vector")
    let own = [try run(of: first, likelihood(-1)), try run(of: first, as: .some(nil), likelihood(-2))].map(\.description)
    let other = try run(of: second, likelihood(-3)).description
    #expect(try await runs(entries("vector@1")["likelihood"]) == own.reversed())
    #expect(try await runs(entries("vector")["likelihood"]) == [other])
    try fixture.store.renameModel("vector", to: "renamed", actor: .commandLine)
    let entry = try #require(try await entries("renamed@1")["likelihood"])
    #expect(runs(entry) == own.reversed())
    #expect(entry["latest"]?["id"]?.string == own[1] && entry["runs"]?.elements.last?["model"]?.string == "vector")
    #expect(try await fixture.get("/v1/models/vector@1/scores").status == 404)
  }

  @Test("a run that goes on stands in the entries that it was begun for, and is never the latest; neither is one that failed")
  func unfinished() async throws {
    let version = try fixture.store.resolve("vector")
    let done = try run(of: version, likelihood(-1)).description
    let running = try run(of: version, parameters: ["k": "100"]).description
    let failed = try run(of: version, parameters: ["k": "5"])
    try fixture.store.finish(failed, .failed("no data"))
    try run(of: version, parameters: ["k": "0"])
    try run(of: version, parameters: ["k": "100", "masks": "half"])
    let entry = try #require(try await entries("vector")["likelihood"])
    #expect(runs(entry) == [failed.description, running, done])
    #expect(entry["latest"]?["id"]?.string == done && entry["missing"] == .null)
    #expect(entry["runs"]?.elements.compactMap { $0["status"]?.string } == ["failed", "running", "finished"])
    #expect(entry["runs"]?.elements.first?["failure"]?.string == "no data" && entry["runs"]?.elements.first?["metrics"] == .array([]))
  }

  @Test("an entry's pages hold each of its runs once, newest first, while others are added")
  func pages() async throws {
    let version = try fixture.store.resolve("vector")
    let all = try (0..<7).map { try run(of: version, likelihood(Double($0))).description }
    var (found, path, pages): ([String], String?, Int) = ([], "/v1/models/vector/scores?entry=likelihood&limit=3", 0)
    while let target = path {
      let entry = try #require(try JSONValue(parsing: await fixture.get(target).body)["entries"]?.elements.first)
      found += runs(entry)
      #expect(entry["latest"]?["id"] != nil)
      path = entry["next"]?.string
      pages += 1
      try run(of: version, likelihood(0))
    }
    #expect(found == all.reversed() && pages == 3)
  }

  @Test(
    "what can't be asked is refused with what is at fault",
    arguments: [
      ("?entry=beauty", "entry is"), ("?limit=0", "1 to 1000"), ("?limit=x", "limit is"), ("?page_token=AAAA", "one entry"),
      ("?colour=red", "colour"),
      ("?entry=clusters&page_token=8", "no page token"),
    ])
  func refusals(_ query: String, _ words: String) async throws {
    let answer = try await fixture.get("/v1/models/vector/scores\(query)")
    #expect(try answer.status == 400 && answer.member("detail")?.string?.contains(words) == true, "\(answer.text)")
  }

  // MARK: - What they say

  @Test("a run has its data, its protocol and its numbers with their standard errors; what it took over from a training is no protocol")
  func content() async throws {
    let version = try fixture.store.resolve("vector")
    let parameters = ["k": "100", "items": "40", "data": "rows.csv", "split": "train", "limit": "40", "beta": "4", "model_file": "/home/me/x"]
    let id = try run(of: version, parameters: parameters, likelihood(-7.25))
    let latest = try #require(try await entries("vector")["likelihood"]?["latest"])
    #expect(latest["protocol"]?.line == #"{"seed": 7, "items": 40, "limit": 40, "k": 100}"#, "\(latest["protocol"]?.line ?? "")")
    #expect(latest["data"]?["name"]?.string == "rows.csv" && latest["data"]?["digest"]?.string == SHA256.digest([3]).description)
    let metrics = latest["metrics"]?.elements ?? []
    #expect(metrics.map { $0["name"]?.string } == ["bits_per_dim", "elbo_nats"])
    #expect(metrics.last?["value"] == .number(-7.25) && metrics.last?["standard_error"] == .number(0.5) && metrics.first?["standard_error"] == .null)
    #expect(latest["how"]?["command"]?.string == "posterior runs replay \(id)" && latest["how"]?["request"] == .null)
    #expect(!latest.line.contains("/home/me"))
  }

  /// Real findings about models of random weights.
  private static func findings() throws -> [(names: [String], findings: any Findings)] {
    func data(_ signature: Signature, _ labels: Labels? = nil) -> DataSet {
      let values = RandomKey(seed: 5).uniform([6, signature.width]).scalars
      return DataSet(name: "d", rows: FloatRows(values, width: signature.width), signature: signature, digest: SHA256.digest([1]), labels: labels)
    }
    var known = Signature.vector(3)
    known.classes = ["cat", "dog, or wolf"]
    let labels = Labels(names: ["cat", "dog, or wolf"], codes: [0, 1, 0, 1, 1, 0], digest: SHA256.digest([2]))
    let key = RandomKey(seed: 8)
    let vae = try VAE(.init(latent: 2, hidden: [8], observation: Observation(.gaussian)), signature: .vector(3), key: key)
    let ladder = try ToyLadder(.init(), signature: .vector(3), key: key)
    let classifier = try ToyClassifier(.init(components: 4), signature: known, key: key)
    let inpainter = try VAEACImage(.init(latent: 2, hidden: 6, channels: [2, 3]), signature: .image(height: 8, width: 8), key: key)
    func clusters(_ model: any Clustering) throws -> any Findings {
      let assignments = ClusterAssignments(of: model, on: data(.vector(3)))
      return try ClusteringEvaluation(assignments, of: labels, fit: (assignments, labels))
    }
    let modes = GaussianModes(centres: [[0, 0], [1, 1]], deviation: 0.1)
    return [
      (["likelihood"], LikelihoodEvaluation(of: vae, on: data(.vector(3)), draws: 2, seed: 1)),
      (["clusters"], try clusters(ladder)), (["clusters"], try clusters(classifier)),
      (["classification", "calibration"], try ClassificationEvaluation(of: classifier, on: data(known, labels), labels: labels)),
      (
        ["imputation"],
        try HiddenPixelEvaluation(of: inpainter, under: .half(nil), on: data(.image(height: 8, width: 8)), draws: 2, seed: 1)
      ),
      (["modes"], ModeEvaluation(of: RandomKey(seed: 2).uniform([9, 2]), on: modes)),
      (
        ["disentanglement"],
        DisentanglementEvaluation(
          of: vae, on: data(.vector(3)), factors: [.init("shape", [0, 1, 0, 1, 0, 1], count: 2, isOrdered: false)], layer: nil, seed: 1)
      ),
    ]
  }

  @Test("every number that an evaluation finds stands in one entry of the sheet, in that of what it is about")
  func complete() async throws {
    // A version whose runs may be of anything: entries ask the runs, not the model.
    let version = try fixture.store.resolve("vector")
    for (names, findings) in try Self.findings() {
      let id = try run(of: version, findings.metrics).description
      let sheet = try await entries("vector")
      let mine = sheet.filter { runs($0.value).contains(id) }
      #expect(Set(mine.keys) == Set(names), "\(findings.metrics.map(\.name))")
      let shown = mine.values.flatMap { entry -> [JSONValue] in
        entry["runs"]?.elements.first { $0["id"]?.string == id }?["metrics"]?.elements ?? []
      }
      var found: [String: Double] = [:]
      for metric in shown {
        let name = try #require(metric["name"]?.string)
        #expect(found[name] == nil)
        if case .number(let value)? = metric["value"] { found[name] = value }
        if case .number(let value)? = metric["standard_error"] { found["\(name).standard_error"] = value }
      }
      #expect(found == Dictionary(uniqueKeysWithValues: findings.metrics.map { ($0.name, $0.value) }))
    }
  }

  @Test("an audit has the settings of its attack as its protocol, and no number that only tells how far it is")
  func audits() async throws {
    let answer = try await fixture.post(
      "/v1/models/vector/robustness",
      json: #"{"inputs":[[1,2,3]],"attack":{"steps":2,"restarts":1,"budgets":[0.5],"margins":false},"seed":3}"#)
    let id = try #require(answer.headers["Posterior-Run"], "\(answer.text)")
    let entry = try #require(try await entries("vector")["robustness"])
    let run = try #require(entry["latest"])
    #expect(run["id"]?.string == id && run["kind"]?.string == "robustness" && entry["missing"] == .null)
    #expect(run["protocol"]?["steps"] == .integer(2) && run["protocol"]?["seed"] == .integer(3) && run["protocol"]?["items"] == .integer(1))
    #expect(run["protocol"]?["budgets"]?.line == "[0.5]" && run["protocol"]?["objective"]?.string == "damage")
    let names = run["metrics"]?.elements.compactMap { $0["name"]?.string } ?? []
    #expect(names.contains("damage_area") && !names.contains("wall_seconds"))
  }

  // MARK: - What is missing

  @Test("an entry that does not go with a model says what it lacks, and is not missing")
  func lacks() async throws {
    for (model, supported) in [
      ("toy", []), ("vector", ["likelihood", "disentanglement", "probe", "robustness"]), ("unlabelled", ["clusters"]),
      ("classifier", ["clusters", "classification", "calibration"]), ("ladder", ["clusters", "disentanglement", "probe"]),
    ] {
      for (name, entry) in try await entries(model) {
        let isSupported = supported.contains(name)
        #expect(entry["supported"] == .bool(isSupported), "\(model) \(name)")
        #expect((entry["lack"]?.string == nil) == isSupported && (entry["missing"] == .null) != isSupported, "\(model) \(name)")
      }
    }
    #expect(try await entries("unlabelled")["classification"]?["lack"]?.string?.contains("no class") == true)
  }

  private func upload(_ name: String, _ text: String) async throws {
    let answer = try await fixture.exchange(
      .post, "/v1/admin/datasets/\(name)?file=\(name).csv", ["Content-Type": "text/csv"], body: Array(text.utf8), key: ServiceFixture.key)
    #expect(answer.status == 201, "\(answer.text)")
  }

  @Test("what is missing names the registered data sets that fit with requests that are taken, to administrators alone")
  func missing() async throws {
    try await upload("people", "age,height,weight\n31,170,70\n42,181,82\n53,165,61\n")
    try await upload("kinds", "age,height,weight,kind\n31,170,70,a\n42,181,82,b\n53,165,61,a\n")
    try await upload("strangers", "x,y\n1,2\n3,4\n5,6\n")
    for name in ["likelihood", "robustness"] {
      let ways = try await entries("table", key: ServiceFixture.key)[name]?["missing"]?["how"]?.elements ?? []
      // Of kinds the column that the model does not know would be refused.
      #expect(ways.compactMap { $0["dataset"]?.string } == ["people"], "\(name)")
      let body = try #require(ways.first?["request"]?["body"])
      let job = try StrictJSON.decode(JobRequest.self, from: body)
      try job.validate()
      #expect(job.model == "table@1" && job.dataset == "people" && job.seed == 0 && job.kind.rawValue == body["kind"]?.string)
      let open = try await entries("table")[name]?["missing"]
      #expect(open?["how"] == .array([]) && open?["needs"]?.string?.contains("3 columns") == true)
    }
  }

  @Test("known data sets come with a command, and only where the model takes their items")
  func knownData() async throws {
    try fixture.publish(ModelFiles.vae(.vector(2), Observation(.gaussian)), as: "plane")
    let plane = try await entries("plane")
    for name in ["likelihood", "modes", "robustness"] {
      let way = try #require(plane[name]?["missing"]?["how"]?.elements.first, "\(name)")
      #expect(way["dataset"]?.string == "ring" && way["command"]?.string?.contains("plane@1 --data ring") == true)
    }
    try fixture.publish(ModelFiles.vae(.image(height: 64, width: 64), Observation(.bernoulli)), as: "shapes")
    let shapes = try await entries("shapes")["disentanglement"]?["missing"]?["how"]?.elements
    #expect(shapes?.first?["command"]?.string == "posterior disentanglement shapes@1 --data sprites --seed 0")
    #expect(shapes?.first?["request"] == .null)
  }

  // MARK: - Who may see what

  @Test("a key of some models sees no run under another model's name, and no key but an administrator's what a job was asked for")
  func permissions() async throws {
    let version = try fixture.store.resolve("vector")
    try fixture.publish(ModelFiles.vector, as: "twin")
    var request = JobRequest()
    request.kind = .evaluate
    let own = try run(of: version, likelihood(-1), request: request).description
    let twin = try run(of: version, as: "twin", likelihood(-2)).description
    let secret = try fixture.store.createKey(named: "some", scopes: [.infer], models: ["vector"], actor: "test").secret
    #expect(try await runs(entries("vector", key: secret)["likelihood"]) == [own])
    #expect(try await runs(entries("vector")["likelihood"]) == [twin, own])
    #expect(try await fixture.get("/v1/models/twin/scores", key: secret).status == 403)
    #expect(try await entries("vector", key: secret)["likelihood"]?["latest"]?["how"]?["request"] == .null)
    let shown = try await entries("vector", key: ServiceFixture.key)["likelihood"]?["runs"]?.elements.last?["how"]?["request"]
    #expect(shown?["path"]?.string == "/v1/admin/runs" && shown?["body"]?["kind"]?.string == "evaluate")
  }
}
