import Families
import Formats
import HTTP
import ModelFiles
import Modelling
import Registry
import Service
import Tensors
import Testing

@Suite("Audits over HTTP", .serialized)
struct AuditTests {
  private let fixture: ServiceFixture
  private static let target = "/v1/models/pictures/robustness"

  init() throws { fixture = try ServiceFixture() }

  /// `count` pictures of 4 x 5 whole levels.
  private static func pictures(_ count: Int) -> String {
    let levels = RandomKey(seed: 3).uniform([count, 20]).scalars.map { Int($0 * 255) }
    return "[" + (0..<count).map { item in "[" + (0..<20).map { "\(levels[item * 20 + $0])" }.joined(separator: ",") + "]" }.joined(separator: ",")
      + "]"
  }

  private static let attack = #"{"budgets": [0.2, 0.5], "steps": 5, "restarts": 2, "margins": false}"#
  private static let body = #"{"seed": 4, "inputs": \#(pictures(3)), "attack": \#(attack)}"#

  @Test("a report has the receipt, the threat model, curves, margins, checks and a line an item, and is recorded as a run")
  func report() async throws {
    let answer = try await fixture.post(Self.target, json: Self.body)
    #expect(answer.status == 200, "\(answer.text)")
    for name in [
      "model", "version", "digest", "seed", "sane", "warnings", "threat_model", "budgets", "aggregates", "damage_curve", "noise_curve", "margins",
      "sanity", "items",
    ] {
      #expect(try answer.member(name) != nil, "\(name)")
    }
    #expect(try answer.member("items")?.elements.count == 3 && answer.member("threat_model", "norm")?.string == "l2")
    #expect(answer.headers["Posterior-Seed"] == "4" && answer.headers["Posterior-Sane"] != nil && answer.headers["Server-Timing"] != nil)
    let id = try #require(answer.headers["Posterior-Run"])
    let run = try fixture.store.run(id)
    #expect(run.description.kind == .robustness && run.status == .finished && run.outputDigest == SHA256.digest(answer.body))
    #expect(run.description.parameters["objective"] == "damage" && run.description.parameters["items"] == "3")
    let documents = try await fixture.get("/v1/runs/\(id)/documents/report.json")
    #expect(documents.body == answer.body)
    #expect(try fixture.store.latestValues(of: [run.id])[run.id]?["damage_area"] != nil)
    #expect(try Set(fixture.store.documents(of: run.id).map(\.name)) == ["curves.png", "grid.png", "report.csv", "report.json"])
  }

  @Test("the same request gives the same bytes; CSV has a row an item and budget, PNG is a picture")
  func formats() async throws {
    let first = try await fixture.post(Self.target, json: Self.body)
    #expect(try await fixture.post(Self.target, json: Self.body).body == first.body)
    let csv = try await fixture.post(Self.target, json: Self.body, accept: "text/csv")
    #expect(csv.text.hasPrefix("item,budget,delta_l2,") && csv.text.split(whereSeparator: \.isNewline).count == 7)
    let grid = try await fixture.post(Self.target, json: Self.body, accept: "image/png")
    #expect(try PNG.decode(grid.body, as: .grey).width == 4 * 60 + 3 * 2)
    let curves = try await fixture.post(
      Self.target, json: Self.body.replacing(#""seed": 4"#, with: #""seed": 4, "picture": "curves""#), accept: "image/png")
    #expect(try PNG.decode(curves.body, as: .rgb).width == 720)
    #expect(try await fixture.post(Self.target, json: Self.body, accept: "application/x-npy").status == 406)
  }

  @Test("items come as floats with the attack in the query, and give the JSON body's answer")
  func floats() async throws {
    let json = try await fixture.post(Self.target, json: Self.body)
    var bytes: [UInt8] = []
    FloatBytes.append(RandomKey(seed: 3).uniform([3, 20]).scalars.map { Float(Int($0 * 255)) }, to: &bytes)
    let query = "?seed=4&attack=%7B%22budgets%22:[0.2,0.5],%22steps%22:5,%22restarts%22:2,%22margins%22:false%7D"
    #expect(try await fixture.post(Self.target + query, bytes, type: "application/octet-stream").body == json.body)
  }

  @Test("a table is audited without pictures, with targets by name")
  func table() async throws {
    let rows = #"[{"age": 30, "height": 170, "weight": 60}, {"age": 50, "height": 180, "weight": 90}]"#
    let answer = try await fixture.post(
      "/v1/models/table/robustness",
      json:
        #"{"seed": 1, "rows": \#(rows), "targets": [{"age": 70, "height": 150, "weight": 40}], "attack": {"objective": "latent", "steps": 5, "restarts": 1}}"#
    )
    #expect(answer.status == 200, "\(answer.text)")
    let item = try #require(try answer.member("items")?.elements.first?["results"]?.elements.first)
    #expect(item["ssim_input"] == nil && item["log_p_target_given_adv"] != nil)
    #expect(
      try answer.member("margins", "kind")?.string == "estimate" && answer.member("margins", "note")?.string?.contains("no certificate") == true)
    #expect(try answer.member("distortion_curve", "auddc") != nil)
  }

  @Test("respond-async answers 202 with a run, whose report has the bytes of the prompt answer")
  func asynchronous() async throws {
    let prompt = try await fixture.post(Self.target, json: Self.body)
    let promise = try await fixture.exchange(
      .post, Self.target, ["Content-Type": "application/json", "Prefer": "respond-async"], body: Array(Self.body.utf8))
    #expect(promise.status == 202 && promise.headers["Preference-Applied"] == "respond-async", "\(promise.text)")
    let location = try #require(promise.headers["Location"])
    try await ended(location)
    let run = try await fixture.get(location)
    #expect(try run.member("status")?.string == "finished", "\(run.text)")
    #expect(try await fixture.get(location + "/documents/report.json").body == prompt.body)
    let replay = try await fixture.exchange(.post, location + "/replay")
    #expect(replay.status == 200 && replay.text.contains(#""equal":true"#), "\(replay.text)")
  }

  /// Waits for a run to end.
  private func ended(_ location: String, in fixture: ServiceFixture? = nil) async throws {
    for _ in 0..<2000 {
      let run = try await (fixture ?? self.fixture).get(location)
      if try run.member("status")?.string != "running" { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    Issue.record("\(location) goes on")
  }

  private static let long = #"{"seed": 4, "inputs": \#(pictures(40)), "attack": {"steps": 10000, "restarts": 20, "margins": false}}"#

  @Test("a running audit can be cancelled, and only that")
  func cancelled() async throws {
    let promise = try await fixture.exchange(
      .post, Self.target, ["Content-Type": "application/json", "Prefer": "wait=10, respond-async"], body: Array(Self.long.utf8))
    #expect(promise.status == 202, "\(promise.text)")
    let location = try #require(promise.headers["Location"])
    let answer = try await fixture.exchange(.post, location + "/cancel")
    #expect(answer.status == 200, "\(answer.text)")
    #expect(try answer.member("status")?.string == "cancelled")
    #expect(try await fixture.exchange(.post, location + "/cancel").status == 409)
    #expect(try await fixture.exchange(.post, "/v1/runs/01M89W5NMFJD3KCCSMEBG7J3E6/cancel").status == 404)
  }

  @Test("requests are answered while an audit computes on the only lane")
  func givesWay() async throws {
    let single = try ServiceFixture(lanes: 1)
    let promise = try await single.exchange(
      .post, Self.target, ["Content-Type": "application/json", "Prefer": "respond-async"], body: Array(Self.long.utf8))
    let location = try #require(promise.headers["Location"])
    for _ in 0..<5 { #expect(try await single.post("/v1/models/pictures/sample", json: #"{"n": 2, "seed": 1}"#).status == 200) }
    #expect(try await single.get(location).member("status")?.string == "running")
    #expect(try await single.exchange(.post, location + "/cancel").status == 200)
  }

  @Test("an audit whose process ended is gone on with by the next one, to the same bytes")
  func resumed() async throws {
    let prompt = try await fixture.post(Self.target, json: Self.body)
    // A process that started the run and ended: its session is gone, the run is still running.
    let location: String
    do {
      let other = try ModelStore(directory: fixture.directory)
      let model = try await fixture.application.models.model(named: "pictures")
      let input = SentRequest(body: Array(Self.body.utf8), contentType: .json)
      let audit = try AuditRequest(input, on: model, limits: ServiceLimits())
      location = "/v1/runs/\(try audit.start(in: other, keepingInput: true))"
    }
    let next = try ServiceFixture(directory: fixture.directory)
    #expect(try await next.get(location).member("status")?.string == "running")
    try await next.application.resumeRuns()
    try await ended(location, in: next)
    #expect(try await next.get(location + "/documents/report.json").body == prompt.body)
  }

  @Test("a replay without the items says what is missing; with record the items are kept")
  func replays() async throws {
    let bare = try await fixture.post(Self.target, json: Self.body)
    let id = try #require(bare.headers["Posterior-Run"])
    let refused = try await fixture.exchange(.post, "/v1/runs/\(id)/replay")
    #expect(refused.status == 409 && refused.text.contains("record"), "\(refused.text)")
    let kept = try await fixture.post(Self.target, json: Self.body.replacing(#""seed": 4"#, with: #""seed": 4, "record": true"#))
    let replay = try await fixture.exchange(.post, "/v1/runs/\(try #require(kept.headers["Posterior-Run"]))/replay")
    #expect(replay.status == 200 && replay.text.contains(#""equal":true"#), "\(replay.text)")
  }

  @Test("decisions are audited against labels, by JSON and by query alike, kept for a replay; labels that fit nothing are refused by name")
  func labels() async throws {
    try fixture.publish(ModelFiles.decider, as: "decider")
    let target = "/v1/models/decider/robustness"
    let attack = #"{"objective":"downstream","kind":"ensemble","budgets":[0.01,5],"steps":3,"restarts":1,"margins":false}"#
    func body(_ labels: String, _ attack: String = attack) -> String {
      #"{"seed": 4, "record": true, "inputs": [[1, 2, 3], [-1, 0, 2], [0, 0.5, -2]], "attack": \#(attack), "labels": \#(labels)}"#
    }
    let answer = try await fixture.post(target, json: body(#"["cat", "dog, or wolf", "cat"]"#))
    #expect(answer.status == 200, "\(answer.text)")
    let levels = try answer.member("decisions", "robust_accuracy")?.elements ?? []
    #expect(levels.count == 2 && levels.allSatisfy { $0["after"]?["square"] == $0["accuracy"]?["mean"] })
    let items = try answer.member("items")?.elements ?? []
    #expect(items.map { $0["label"]?.string } == ["cat", "dog, or wolf", "cat"])
    // Clean accuracy is that of the decisions about the items as they are.
    let right = items.count { $0["label"] == $0["class"] }
    #expect(try answer.member("decisions", "clean_accuracy", "mean")?.text == JSONValue.number(Double(right) / 3).text)
    let run = try #require(answer.headers["Posterior-Run"])
    let kept = try await fixture.get("/v1/runs/\(run)/documents/item-labels.json")
    #expect(kept.text == #"["cat","dog, or wolf","cat"]"#)
    let replay = try await fixture.exchange(.post, "/v1/runs/\(run)/replay")
    #expect(replay.status == 200 && replay.text.contains(#""equal":true"#), "\(replay.text)")

    var bytes: [UInt8] = []
    FloatBytes.append([1, 2, 3, -1, 0, 2, 0, 0.5, -2], to: &bytes)
    let query =
      "?seed=4&labels=%5B%22cat%22,%22dog,%20or%20wolf%22,%22cat%22%5D&attack="
      + attack.replacing("{", with: "%7B").replacing("}", with: "%7D")
      .replacing("\"", with: "%22")
    #expect(try await fixture.post(target + query, bytes, type: "application/octet-stream").body == answer.body)

    for (labels, attack, field) in [
      (#"["cat", "cow", "cat"]"#, attack, "labels[1]"), (#"["cat"]"#, attack, "labels"), ("[3, 4, 5]", attack, "labels[0]"),
      ("[[1]]", attack, "labels[0]"),
      (#"["cat", "cat", "cat"]"#, #"{"steps": 3}"#, "labels"),
    ] {
      let refused = try await fixture.post(target, json: body(labels, attack))
      #expect(refused.status == 422 && refused.text.contains("\"field\":\"\(field)"), "\(refused.text)")
    }
    let undecided = try await fixture.post("/v1/models/vector/robustness", json: body(#"["cat", "cat", "cat"]"#))
    #expect(undecided.status == 422 && undecided.text.contains("doesn't classify"), "\(undecided.text)")
  }

  @Test("audits of two models are ranked by what can be compared, never by raw latent losses; audits that differ are not ranked")
  func compared() async throws {
    try fixture.publish(ModelFiles.vae(.image(height: 4, width: 5), Observation(.bernoulli), seed: 8), as: "others")
    func run(_ model: String, _ attack: String) async throws -> String {
      let answer = try await fixture.post(
        "/v1/models/\(model)/robustness", json: #"{"seed": 4, "inputs": \#(Self.pictures(3)), "attack": \#(attack)}"#)
      #expect(answer.headers["Posterior-Sane"] == "true", "\(answer.text)")
      return try #require(answer.headers["Posterior-Run"])
    }
    let latent = #"{"objective": "latent", "budgets": [0.5, 1], "steps": 40, "restarts": 1, "margins": false}"#
    let (first, second) = (try await run("pictures", latent), try await run("others", latent))
    let answer = try await fixture.get("/v1/runs/compare?ids=\(first),\(second)")
    let ranked = try #require(try answer.member("robustness", "most_robust_first"))
    #expect(Set(ranked["auddc"]?.elements.compactMap(\.string) ?? []) == [first, second], "\(answer.text)")
    #expect(ranked["attack_loss.at_1.0"] == nil)
    #expect(try answer.member("robustness", "not_ranked", "attack_loss.at_1.0")?.string?.contains("latent size") == true)
    let third = try await run("others", latent.replacing("40", with: "41"))
    let other = try await fixture.get("/v1/runs/compare?ids=\(first),\(third)")
    #expect(try other.member("robustness", "not_ranked", "auddc")?.string == "the audits differ in steps", "\(other.text)")
  }

  static let bad: [BadRequest] = [
    BadRequest("a family that can't", "/v1/models/toy/robustness", body, status: 422, field: nil, "toy", "sample"),
    BadRequest("no items", target, #"{"seed": 1}"#, status: 422, field: "inputs"),
    BadRequest("items twice", target, #"{"inputs": \#(pictures(1)), "rows": []}"#, status: 422, field: "rows"),
    BadRequest("an unknown field", target, #"{"inputs": \#(pictures(1)), "atack": {}}"#, status: 422, field: "atack", "attack"),
    BadRequest(
      "an unknown field of the attack", target, #"{"inputs": \#(pictures(1)), "attack": {"step": 3}}"#, status: 422, field: "attack.step", "steps"),
    BadRequest("an unknown kind", target, #"{"inputs": \#(pictures(1)), "attack": {"kind": "fgsm"}}"#, status: 422, field: "attack.kind", "apgd"),
    BadRequest(
      "an unknown objective", target, #"{"inputs": \#(pictures(1)), "attack": {"objective": "chaos"}}"#, status: 422, field: "attack.objective",
      "damage"),
    BadRequest("an unknown norm", target, #"{"inputs": \#(pictures(1)), "attack": {"norm": "l3"}}"#, status: 422, field: "attack.norm", "linf"),
    BadRequest("a negative budget", target, #"{"inputs": \#(pictures(1)), "attack": {"budgets": [-1]}}"#, status: 422, field: "attack.budgets[0]"),
    BadRequest("a word for budgets", target, #"{"inputs": \#(pictures(1)), "attack": {"budgets": "all"}}"#, status: 422, field: "attack.budgets"),
    BadRequest("no steps", target, #"{"inputs": \#(pictures(1)), "attack": {"steps": 0}}"#, status: 422, field: "attack.steps"),
    BadRequest("too many restarts", target, #"{"inputs": \#(pictures(1)), "attack": {"restarts": 1000}}"#, status: 422, field: "attack.restarts"),
    BadRequest(
      "weights without a penalty", target, #"{"inputs": \#(pictures(1)), "attack": {"weights": [1]}}"#, status: 422, field: "attack.weights"),
    BadRequest(
      "layers that aren't", target, #"{"inputs": \#(pictures(2)), "attack": {"objective": "latent", "layers": [1]}}"#, status: 422,
      field: "attack.layers"),
    BadRequest(
      "a family without classes", target, #"{"inputs": \#(pictures(1)), "attack": {"objective": "downstream"}}"#, status: 422,
      field: "attack.objective"),
    BadRequest("no target for one item", target, #"{"inputs": \#(pictures(1)), "attack": {"objective": "latent"}}"#, status: 422, field: "targets"),
    BadRequest(
      "targets of another number", target, #"{"inputs": \#(pictures(3)), "targets": \#(pictures(2)), "attack": {"objective": "latent"}}"#,
      status: 422,
      field: "targets"),
    BadRequest(
      "targets of another shape", target, #"{"inputs": \#(pictures(1)), "targets": [[1, 2]], "attack": {"objective": "latent"}}"#, status: 422,
      field: "targets"),
    BadRequest("targets without use", target, #"{"inputs": \#(pictures(1)), "targets": \#(pictures(1))}"#, status: 422, field: "targets"),
    BadRequest(
      "a missing number", target, #"{"inputs": [[\#([String](repeating: "1", count: 19).joined(separator: ",")), null]]}"#, status: 422,
      field: "inputs[0][19]"),
    BadRequest(
      "a level beyond white", target, #"{"inputs": [[\#([String](repeating: "256", count: 20).joined(separator: ","))]]}"#, status: 422,
      field: "inputs[0][0]"),
    BadRequest("a negative seed", target, #"{"inputs": \#(pictures(1)), "seed": -1}"#, status: 422, field: "seed"),
    BadRequest("an unknown picture", target, #"{"inputs": \#(pictures(1)), "picture": "film"}"#, status: 422, field: "picture", "grid"),
    BadRequest(
      "too much for an answer at once", target, #"{"inputs": \#(pictures(9)), "attack": {"steps": 10000, "restarts": 20}}"#, status: 422,
      field: "attack",
      "9 items", "4 budgets", "20 restarts", "10000 steps", "respond-async"),
  ]

  @Test("bad requests get an answer that helps", arguments: bad)
  func refused(_ request: BadRequest) async throws {
    let answer = try await fixture.exchange(request.method, request.target, request.headers, body: request.body)
    #expect(answer.status == request.status, "\(answer.text)")
    #expect(try answer.member("field")?.string == request.field, "\(answer.text)")
    let detail = try #require(try answer.member("detail")?.string)
    for word in request.words { #expect(detail.contains(word), "\(detail)") }
  }

  @Test("a model of categories is refused")
  func categories() async throws {
    try fixture.publish(ModelFiles.mixed, as: "mixed")
    let answer = try await fixture.post("/v1/models/mixed/robustness", json: #"{"rows": [{"age": 1, "colour": "red", "weight": 1, "answer": "1"}]}"#)
    #expect(answer.status == 422, "\(answer.text)")
  }
}
