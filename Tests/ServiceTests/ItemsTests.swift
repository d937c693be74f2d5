import Formats
import HTTP
import Service
import Testing

@Suite("Items and answers in several media types")
struct ItemsTests {
  @Test("the same items give the same answer however they are sent")
  func sameItems() async throws {
    let fixture = try ServiceFixture()
    let rows: [[Float]] = [[31.5, 180, 77.25], [60, 165.5, 58]]
    let target = "/v1/models/table/encode"
    let nested = try await fixture.post(target, json: #"{"inputs": [[31.5, 180, 77.25], [60, 165.5, 58]], "seed": 1}"#)
    #expect(nested.status == 200, "\(nested.text)")
    var floats: [UInt8] = []
    FloatBytes.append(rows.flatMap { $0 }, to: &floats)
    let others = [
      try await fixture.post(
        target, json: #"{"seed": 1, "rows": [{"weight": 77.25, "age": 31.5, "height": 180}, {"age": 60, "height": 165.5, "weight": 58}]}"#),
      try await fixture.post(
        target + "?seed=1", Array("weight,age,height\r\n77.25,31.5,180\r\n58,60,165.5\r\n".utf8), type: "text/csv; charset=utf-8"),
      try await fixture.post(target + "?seed=1", NPY.encode(rows.flatMap { $0 }, shape: [2, 3]), type: "application/x-npy"),
      try await fixture.post(target + "?seed=1", floats, type: "application/octet-stream"),
    ]
    for other in others { #expect(other.body == nested.body, "\(other.text)") }
    let layers = try nested.member("layers")?.elements
    #expect(layers?.first?["mean"]?.numbers?.shape == [2, 2])
    #expect(layers?.first?["scale"]?.numbers?.scalars.allSatisfy { $0 > 0 } == true)
  }

  @Test("a picture sent as PNG is its pixels, in grey and in colour", arguments: [("pictures", 4, 5, 1), ("colours", 2, 3, 3)])
  func pictures(model: String, height: Int, width: Int, channels: Int) async throws {
    let fixture = try ServiceFixture()
    let pixels = (0..<height * width * channels).map { UInt8($0 * 13 % 256) }
    let png = try PNG.encode(Raster(height: height, width: width, channels: channels, pixels: pixels))
    var floats: [UInt8] = []
    FloatBytes.append(pixels.map(Float.init), to: &floats)
    let target = "/v1/models/\(model)/reconstruct?seed=1"
    let (one, other) = (
      try await fixture.post(target, png, type: "image/png"), try await fixture.post(target, floats, type: "application/octet-stream")
    )
    #expect(one.status == 200 && one.body == other.body, "\(one.text)")

    // The answer as PNG is the rounded answer.
    let drawn = try PNG.decode(try await fixture.post(target, png, type: "image/png", accept: "image/png").body)
    let values = try #require(try one.member("reconstructions")?.numbers)
    #expect(values.shape == (channels == 1 ? [1, height, width] : [1, height, width, channels]))
    #expect(drawn.pixels == values.scalars.map { UInt8($0.rounded()) })
  }

  @Test("images of one channel may have it as their first or last extent")
  func channelExtent() async throws {
    let fixture = try ServiceFixture()
    let pixels = (0..<40).map { Float($0 * 6) }
    let target = "/v1/models/pictures/score?k=2&seed=1"
    let first = try await fixture.post(target, NPY.encode(pixels, shape: [2, 4, 5]), type: "application/x-npy")
    #expect(first.status == 200)
    for shape in [[2, 1, 4, 5], [2, 4, 5, 1], [2, 20]] {
      let answer = try await fixture.post(target, NPY.encode(pixels, shape: shape), type: "application/x-npy")
      #expect(answer.status == 200 && answer.body == first.body, "\(answer.text)")
    }
    let other = try await fixture.post("/v1/models/pictures/score?k=2", NPY.encode(pixels, shape: [2, 5, 4]), type: "application/x-npy")
    #expect(other.status == 422)
  }

  @Test("a number that is too far away for any answer is refused by its place")
  func farAway() async throws {
    let fixture = try ServiceFixture()
    for operation in ["score?k=2", "encode?", "reconstruct?"] {
      let answer = try await fixture.post(
        "/v1/models/table/\(operation)", Array("age,height,weight\n1,2,3\n4,1e30,5\n".utf8), type: "text/csv", accept: "application/json")
      #expect(answer.status == 422 && answer.text.contains("1e15 deviations") && answer.text.contains("rows[1].height"), "\(answer.text)")
    }
  }

  @Test("pixels in [0, 1] for a model of [0, 255] are answered with a warning, in members, fields and every format; strictly they are refused")
  func sliver() async throws {
    let fixture = try ServiceFixture()
    let (small, usual) = ((0..<40).map { Float($0) / 40 }, (0..<40).map { Float($0 * 6) })
    let target = "/v1/models/pictures/score?k=2&seed=1"
    for accept in ["application/json", "text/csv"] {
      let answer = try await fixture.post(target, NPY.encode(small, shape: [2, 4, 5]), type: "application/x-npy", accept: accept)
      #expect(answer.status == 200 && answer.headers["Posterior-Warning"]?.contains("scaled to [0, 1]") == true, "\(answer.headers)")
      if accept == "application/json" { #expect(answer.text.contains(#""warnings":["all pixels lie between 0 and"#), "\(answer.text)") }
    }
    let quiet = try await fixture.post(target, NPY.encode(usual, shape: [2, 4, 5]), type: "application/x-npy")
    #expect(quiet.headers["Posterior-Warning"] == nil && !quiet.text.contains("warnings"))
    let black = try await fixture.post(target, NPY.encode([Float](repeating: 0, count: 20), shape: [1, 4, 5]), type: "application/x-npy")
    #expect(black.headers["Posterior-Warning"] == nil, "a black picture is one")
  }

  @Test("several pictures are one grid")
  func grid() async throws {
    let answer = try await ServiceFixture().post("/v1/models/pictures/sample", json: #"{"n": 6, "seed": 1}"#, accept: "image/png")
    let raster = try PNG.decode(answer.body)
    #expect(answer.headers["Content-Type"] == "image/png")
    #expect(raster.height > 4 && raster.width > 5)
  }

  @Test("a table's answer as CSV can be sent back as items")
  func csvRoundTrip() async throws {
    let fixture = try ServiceFixture()
    let sample = try await fixture.post("/v1/models/table/sample", json: #"{"n": 4, "seed": 1}"#, accept: "text/csv")
    #expect(sample.headers["Content-Type"]?.hasPrefix("text/csv") == true)
    #expect(sample.text.hasPrefix("age,height,weight\r\n"))
    let json = try await fixture.post("/v1/models/table/sample", json: #"{"n": 4, "seed": 1}"#)
    let rows = try #require(try json.member("samples")?.numbers)
    let fromCSV = try await fixture.post("/v1/models/table/score?k=5&seed=2", sample.body, type: "text/csv")
    let fromNPY = try await fixture.post("/v1/models/table/score?k=5&seed=2", NPY.encode(rows.scalars, shape: rows.shape), type: "application/x-npy")
    #expect(fromCSV.status == 200 && fromCSV.body == fromNPY.body, "\(fromCSV.text)")
  }

  @Test("scores name every bound, and hold together")
  func scores() async throws {
    let fixture = try ServiceFixture()
    let answer = try await fixture.post("/v1/models/vector/score", json: #"{"inputs": [[0.1, -2, 3], [1, 1, 1]], "k": 20, "seed": 4}"#)
    #expect(answer.status == 200, "\(answer.text)")
    let document = try JSONValue(parsing: answer.body)
    let items = document["items"]?.elements ?? []
    #expect(items.count == 2)
    func number(_ value: JSONValue?) -> Double {
      switch value {
      case .number(let number): number
      case .integer(let integer): Double(integer)
      default: .nan
      }
    }
    for item in items {
      let (elbo, kl, reconstruction) = (number(item["elbo_nats"]), number(item["kl_nats"]), number(item["reconstruction_nats"]))
      #expect(abs(elbo - (reconstruction - kl)) < 1e-4 * abs(elbo))
      #expect(abs(number(item["bits_per_dim"]) + number(item["iwae_nats"]) / (3 * 0.6931471805599453)) < 1e-5)
    }
    let mean = number(document["mean"]?["elbo_nats"])
    #expect(abs(mean - (number(items[0]["elbo_nats"]) + number(items[1]["elbo_nats"])) / 2) < 1e-4)
    #expect(number(document["standard_error"]?["elbo_nats"]) > 0)
    #expect(document["k"]?.integer == 20 && document["dimensions"]?.integer == 3)
    #expect(document["observation_model"]?.string?.isEmpty == false)
    let single = try await fixture.post("/v1/models/vector/score", json: #"{"inputs": [[0.1, -2, 3]], "k": 2, "seed": 4}"#)
    #expect(try single.member("standard_error", "elbo_nats") == .null)
  }

  @Test(
    "Accept is weighed: quality, then the order of the offer; the most specific range decides",
    arguments: [
      (nil, "application/json"), ("*/*", "application/json"), ("image/*", "image/png"), ("image/png;q=0.5, application/x-npy", "application/x-npy"),
      ("application/*;q=0.3, application/json;q=0, image/png;q=0.1", "application/x-npy"), ("text/html, */*;q=0.1", "application/json"),
      ("IMAGE/PNG", "image/png"), ("text/html", nil), ("application/json;q=0", nil),
    ] as [(String?, String?)])
  func acceptance(header: String?, expected: String?) {
    #expect(Acceptance(header).best(of: [.json, .png, .npy, .floats])?.name == expected)
  }

  @Test("curl's default type is read as JSON where the body is an object")
  func curlDefault() async throws {
    let fixture = try ServiceFixture()
    let target = "/v1/models/vector/sample"
    let form = try await fixture.post(target, Array(#" {"n": 2, "seed": 3}"#.utf8), type: "application/x-www-form-urlencoded")
    #expect(form.body == (try await fixture.post(target, json: #"{"n": 2, "seed": 3}"#).body))
    #expect(try await fixture.post(target, Array("n=2".utf8), type: "application/x-www-form-urlencoded").status == 415)
  }
}
