import Formats
import HTTP
import Service
import Tensors
import Testing

@Suite("Images with holes")
struct InpaintingTests {
  private let fixture: ServiceFixture
  private let target = "/v1/models/inpainter/impute"
  private let colours = "/v1/models/colour-inpainter/impute"

  init() throws {
    fixture = try ServiceFixture()
    try fixture.publish(ModelFiles.inpainter, as: "inpainter")
    try fixture.publish(ModelFiles.colourInpainter, as: "colour-inpainter")
  }

  /// 8 x 8 (rows of a colour picture are half as high), each sample another number.
  private func picture(_ channels: Int = 1, height: Int = 8, start: Int = 0) -> Raster {
    Raster(height: height, width: 8, channels: channels, pixels: (0..<height * 8 * channels).map { UInt8(($0 * 3 + start) % 256) })
  }

  /// White where `isHidden`.
  private func mask(height: Int = 8, width: Int = 8, _ isHidden: (_ row: Int, _ column: Int) -> Bool) -> [UInt8] {
    png(Raster(height: height, width: width, channels: 1, pixels: (0..<height * width).map { isHidden($0 / width, $0 % width) ? 255 : 0 }))
  }

  private func png(_ raster: Raster) -> [UInt8] {
    do { return try PNG.encode(raster) } catch { preconditionFailure("a picture for tests: \(error)") }
  }

  private static let boundary = "----form"
  private static let type = "multipart/form-data; boundary=\(boundary)"

  private func form(_ parts: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    parts.flatMap { part in
      Array("--\(Self.boundary)\r\nContent-Disposition: form-data; name=\"\(part.name)\"; filename=\"f.png\"\r\n\r\n".utf8) + part.bytes + [
        0x0D, 0x0A,
      ]
    } + Array("--\(Self.boundary)--\r\n".utf8)
  }

  private func post(_ target: String, _ parts: [(name: String, bytes: [UInt8])], accept: String? = nil) async throws -> Exchange {
    try await fixture.post(target, form(parts), type: Self.type, accept: accept)
  }

  private func floats(_ exchange: Exchange) throws -> [Float] { try #require(FloatBytes.decode(exchange.body)) }

  @Test("a picture and its mask in a form: observed pixels come back as they were, hidden ones are drawn")
  func form() async throws {
    let sent = picture()
    let parts = [(name: "image", bytes: png(sent)), ("mask", mask { row, column in row > 2 && column < 5 })]
    let answer = try await post(target + "?draws=3&seed=5", parts)
    #expect(answer.status == 200, "\(answer.text)")
    #expect(answer.headers["Posterior-Shape"] == "3,1,8,8")
    #expect(try answer.member("cells") == nil)
    let hidden = try #require(try JSONValue(parsing: answer.body, numericFields: ["hidden"])["hidden"]?.numbers)
    #expect(hidden.shape == [1, 8, 8] && hidden.scalars.enumerated().allSatisfy { ($1 == 1) == ($0 / 8 > 2 && $0 % 8 < 5) })
    let raw = try floats(await post(target + "?draws=3&seed=5", parts, accept: "application/octet-stream"))
    #expect(raw.count == 3 * 64)
    for (index, value) in raw.enumerated() {
      let pixel = index % 64
      #expect(hidden.scalars[pixel] == 1 ? value == 0 || value == 255 : value == Float(sent.pixels[pixel]))
    }
    #expect(raw[0..<64] != raw[64..<128])
    // The mean of the draws is grey.
    let point = try floats(await post(target + "?mode=point&seed=5", parts, accept: "application/octet-stream"))
    #expect(point.count == 64 && zip(point, hidden.scalars).contains { $1 == 1 && $0 > 0 && $0 < 255 })
  }

  @Test("as a picture: the hole in grey, every completed version, what was sent; or the completed version alone", arguments: [1, 3])
  func pictures(_ channels: Int) async throws {
    let (sent, height) = (picture(channels, height: channels == 1 ? 8 : 4), channels == 1 ? 8 : 4)
    let place = channels == 1 ? target : colours
    let parts = [(name: "image", bytes: png(sent)), ("mask", mask(height: height) { row, column in row == 1 && column == 2 })]
    func raster(_ query: String) async throws -> Raster {
      let answer = try await post(place + query, parts, accept: "image/png")
      #expect(answer.status == 200, "\(answer.text)")
      return try PNG.decode(answer.body)
    }
    let grid = try await raster("?draws=2&seed=1")
    #expect(grid.height == height && grid.width == 4 * 8 + 3 * 2 && grid.channels == channels)
    for tile in 0..<4 {
      for row in 0..<height {
        for column in 0..<8 {
          let start = (row * grid.width + tile * 10 + column) * channels
          let (given, expected) = (
            grid.pixels[start..<start + channels], sent.pixels[(row * 8 + column) * channels..<(row * 8 + column + 1) * channels]
          )
          if row == 1 && column == 2 && tile < 3 {
            if tile == 0 { #expect(given.allSatisfy { $0 == 128 }) }
          } else {
            #expect(Array(given) == Array(expected))
          }
        }
      }
    }
    let alone = try await raster("?mode=point&seed=1&compare=false")
    #expect(alone.height == height && alone.width == 8)
    for index in alone.pixels.indices where index / channels != 10 { #expect(alone.pixels[index] == sent.pixels[index]) }
  }

  @Test("missing numbers of JSON, NPY and raw floats, and a mask by option, ask the same question")
  func sameQuestion() async throws {
    let sent = picture()
    let holed = sent.pixels.enumerated().map { $0 % 8 < 4 ? Float.nan : Float($1) }
    var raw: [UInt8] = []
    FloatBytes.append(holed, to: &raw)
    let query = "?draws=2&seed=9"
    func completed(_ body: [UInt8], _ type: String, _ query: String) async throws -> [UInt8] {
      let answer = try await fixture.post(target + query, body, type: type, accept: "application/octet-stream")
      #expect(answer.status == 200, "\(answer.text)")
      return answer.body
    }
    let expected = try await completed(raw, "application/octet-stream", query)
    #expect(try await completed(NPY.encode(holed, shape: [1, 8, 8]), "application/x-npy", query) == expected)
    #expect(try await completed(png(sent), "image/png", query + "&mask=left") == expected)
    #expect(try await completed(png(sent), "image/png", query + "&mask=rectangle:0,0,8,4") == expected)
    let json =
      #"{"draws": 2, "seed": 9, "inputs": \#(String(decoding: JSONValue.numbers(NumberArray(shape: [1, 8, 8], scalars: holed)).text, as: UTF8.self))}"#
    let answer = try await fixture.post(target, json: json, accept: "application/octet-stream")
    #expect(answer.body == expected, "\(answer.text)")
    // What chance hides follows from the seed.
    let random = try await completed(png(sent), "image/png", query + "&mask=random:0.5")
    #expect(try await completed(png(sent), "image/png", query + "&mask=random:0.5") == random && random != expected)
    #expect(try await completed(png(sent), "image/png", "?draws=2&seed=10&mask=random:0.5") != random)
  }

  @Test("several pictures have one mask or one each, and a picture's answer does not depend on those behind it")
  func several() async throws {
    let (first, second) = ((name: "image", bytes: png(picture())), (name: "image", bytes: png(picture(start: 90))))
    let (left, top) = ((name: "mask", bytes: mask { _, column in column < 4 }), (name: "mask", bytes: mask { row, _ in row < 4 }))
    let accept = "application/octet-stream"
    let alone = try floats(await post(target + "?mode=point&seed=2", [first, left], accept: accept))
    let shared = try floats(await post(target + "?mode=point&seed=2", [first, second, left], accept: accept))
    let own = try floats(await post(target + "?mode=point&seed=2", [first, second, left, top], accept: accept))
    #expect(shared.count == 128 && Array(shared[0..<64]) == alone && Array(own[0..<64]) == alone && own != shared)
    let grid = try PNG.decode(await post(target + "?draws=3&seed=2", [first, second, left, top], accept: "image/png").body)
    #expect(grid.height == 2 * 8 + 2 && grid.width == 5 * 8 + 4 * 2)
  }

  @Test("what is believed of every hidden pixel is told where it is asked for")
  func cells() async throws {
    let answer = try await fixture.post(
      colours + "?cells=true&mask=rectangle:1,2,1,1&seed=4&draws=4", png(picture(3, height: 4)), type: "image/png")
    let cells = try #require(try answer.member("cells")).elements
    #expect(cells.count == 3, "\(answer.text)")
    for (channel, cell) in cells.enumerated() {
      #expect(cell["row"]?.integer == 0 && cell["pixel"] == .array([1, 2, channel].map(JSONValue.integer)) && cell["mean"] != nil)
      guard case .number(let deviation)? = cell["sd"] else { return #expect(Bool(false), "\(cell)") }
      #expect(deviation > 0)
    }
  }

  @Test("what can't be inpainted is refused by place, given and expected")
  func refused() async throws {
    let image = (name: "image", bytes: png(picture()))
    let hole = (name: "mask", bytes: mask { row, _ in row < 4 })
    let forms: [(parts: [(name: String, bytes: [UInt8])], status: Int, field: String, words: String)] = [
      ([image, ("mask", mask(height: 8, width: 6) { _, _ in true })], 422, "mask[0]", "8 x 8"),
      ([image, ("mask", mask { _, _ in false })], 422, "mask[0]", "white"),
      ([image, ("mask", Array("no picture".utf8))], 400, "mask[0]", "PNG"),
      ([("image", Array("no picture".utf8)), hole], 400, "image[0]", "PNG"),
      ([("image", png(picture(height: 4))), hole], 422, "image[0]", "8 x 8"),
      ([hole], 422, "image", "1 or more"),
      ([image, hole, ("seed", Array("7".utf8))], 422, "seed", "query parameters"),
      ([image, image, image, hole, hole], 422, "mask", "none, 1 or 3"),
      ([image], 422, "mask", "No pixel is missing"),
      ([], 422, "image", "1 or more"),
    ]
    for (parts, status, field, words) in forms {
      let answer = try await post(target, parts)
      #expect(answer.status == status && answer.text.contains(words), "\(answer.text)")
      #expect(try answer.member("field")?.string == field, "\(answer.text)")
    }
    for (mask, words) in [
      ("ring", "band[:ROWS]"), ("band:8", "1 to 7 rows"), ("rectangle:4,4,5,1", "within 8 rows"), ("random:0", "above 0"), ("random:1.5", "above 0"),
    ] {
      let answer = try await fixture.post(target + "?mask=\(mask)", image.bytes, type: "image/png")
      #expect(answer.status == 422 && answer.text.contains(words), "\(answer.text)")
      #expect(try answer.member("field")?.string == "mask")
    }
    let whole = try await fixture.post(target, image.bytes, type: "image/png")
    #expect(whole.status == 422 && whole.text.contains("No pixel is missing"), "\(whole.text)")
    let bytes = form([image, hole])
    for (body, type, status) in [
      (bytes, "multipart/form-data", 400), (Array(bytes.dropLast(9)), Self.type, 400), (bytes, "multipart/form-data; boundary=other", 400),
    ] {
      let answer = try await fixture.post(target, body, type: type)
      #expect(answer.status == status, "\(answer.text)")
    }
    try fixture.publish(ModelFiles.mixed, as: "mixed")
    let table = try await fixture.post("/v1/models/mixed/impute", json: #"{"inputs": [[1, 1, null, 0]], "mask": "left"}"#)
    #expect(table.status == 422 && table.text.contains("images"), "\(table.text)")
    #expect(try await post("/v1/models/mixed/impute", [image, hole]).status == 415)
    // Masks are for what can fill them in.
    let scored = try await post("/v1/models/pictures/score", [hole])
    #expect(scored.status == 422 && scored.text.contains("expected image;"), "\(scored.text)")
  }

  @Test("a form is recorded with its boundary, so that the request can be replayed")
  func replay() async throws {
    let parts = [(name: "image", bytes: png(picture())), ("mask", mask { row, _ in row < 4 })]
    let answer = try await post(target + "?record=true&draws=2&seed=6", parts, accept: "image/png")
    let run = try #require(answer.headers["Posterior-Run"])
    let again = try await fixture.post("/v1/runs/\(run)/replay", [], type: "application/json")
    #expect(again.status == 200 && again.text.contains(#""equal":true"#), "\(again.text)")
  }

  @Test("levels that are named are drawn, the others held; who has none to choose from says so")
  func levels() async throws {
    try fixture.publish(ModelFiles.levelledInpainter, as: "levels")
    let image = png(picture())
    func draws(_ query: String) async throws -> [[Float]] {
      let answer = try await fixture.post(
        "/v1/models/levels/impute?mask=centre&draws=3&seed=4&\(query)", image, type: "image/png", accept: "application/octet-stream")
      #expect(answer.status == 200, "\(answer.text)")
      let all = try floats(answer)
      return (0..<3).map { Array(all[$0 * 64..<($0 + 1) * 64]) }
    }
    let row = "[\((0..<8).map { _ in "[0, 10, 20, 30, 40, 50, 60, 70]" }.joined(separator: ", "))]"
    let held = try await fixture.post(
      "/v1/models/levels/impute", json: #"{"inputs": [\#(row)], "mask": "centre", "draws": 3, "seed": 4, "levels": [], "mean_pixels": true}"#)
    #expect(held.status == 200, "\(held.text)")
    let completed = try #require(try JSONValue(parsing: held.body)["completed"]).elements
    #expect(completed.count == 3 && completed[0] == completed[1] && completed[1] == completed[2])
    #expect(try await Set(draws("levels=2&mean_pixels=true")).count == 3)
    #expect(try await draws("levels=0,1,2") == draws(""))
    #expect(try await draws("levels=0") != draws("levels=1"))
    for (query, field, words) in [("levels=3", "levels", "0 to 2"), ("levels=-1", "levels", "0")] {
      let answer = try await fixture.post("/v1/models/levels/impute?mask=centre&\(query)", image, type: "image/png")
      #expect([400, 422].contains(answer.status) && answer.text.contains(words), "\(answer.text)")
      #expect(try #require(answer.member("field")?.string).hasPrefix(field))
    }
    for query in ["levels=0", "mean_pixels=true"] {
      let answer = try await fixture.post(target + "?mask=centre&\(query)", image, type: "image/png")
      #expect(answer.status == 422 && answer.text.contains("vaeac_image"), "\(answer.text)")
    }
  }
}
