import HTTP
import Testing

@Suite("The form parser")
struct MultipartParserTests {
  private static let field = "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n"
  private static let file =
    "--b\r\ncontent-type: application/x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".bin\"\r\n\r\n1\r\n--2\r\n--bb\r\r\n"
  private static let end = "--b--\r\n"

  private struct Reading: Equatable {
    var parts: [String] = []
    var isComplete = false
    var error: MultipartError?

    init(_ pieces: [ArraySlice<UInt8>], boundary: String = "b") {
      var parser = MultipartParser(boundary: boundary)
      do {
        for piece in pieces {
          parser.feed(piece)
          while let event = try parser.next() {
            switch event {
            case .part(let part): parts.append("\(part.name)|\(part.filename ?? "-")|\(part.contentType ?? "-")|")
            case .data(let bytes): parts[parts.count - 1] += String(decoding: bytes, as: UTF8.self)
            case .partEnd: parts[parts.count - 1] += "|"
            case .end: isComplete = true
            }
          }
        }
      } catch {
        self.error = error
      }
    }
  }

  @Test("reads parts, and the same at every cut")
  func reads() {
    let bytes = Array((Self.field + Self.file.replacing("--bb", with: "--c") + Self.end + "epilogue").utf8)
    let whole = Reading(bytes.whole)
    #expect(whole.parts == ["note|-|-|hello|", "file|a \"b\".bin|application/x|1\r\n--2\r\n--c\r|"])
    #expect(whole.isComplete && whole.error == nil)
    #expect(Reading(bytes.byteByByte) == whole)
    for cut in 0...bytes.count { #expect(Reading(bytes.cut(at: cut)) == whole) }
  }

  private static let bad: [(String, MultipartError)] = [
    ("preamble\r\n" + field + end, .missingOpening), ("", .truncated), (field, .truncated), (field + "--b", .truncated), (field + "--b-", .truncated),
    (field + "--bX\r\n", .malformedDelimiter), (field + "--b \r\n", .malformedDelimiter), (field + "--b-X", .malformedDelimiter),
    ("--b\r\n\r\nx\r\n--b--", .missingName), ("--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", .missingName),
    ("--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--b--", .malformedHeader),
    ("--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--b--", .malformedHeader),
    ("--b\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\nx\r\n--b--", .malformedHeader),
    ("--b\r\nContent-Disposition: form-data; name=\"a\"\n\r\nx\r\n--b--", .malformedHeader),
    ("--b\r\nno colon\r\n\r\nx\r\n--b--", .malformedHeader), ("--b\r\nA: \0\r\n\r\nx\r\n--b--", .malformedHeader),
    ("--b\r\nA: \(String(repeating: "x", count: 9000))\r\n\r\n", .headersTooLarge(limit: 8192)),
    (String(repeating: field, count: 65) + end, .tooManyParts(limit: 64)),
    (field + end, .missingPart("file")),
    (file.replacing("--bb", with: "--c") + file.replacing("--bb", with: "--c") + end, .repeatedPart("file")),
  ]

  @Test("refuses forms that are malformed, cut off, or lack the part", arguments: bad)
  func refuses(form: String, error: MultipartError) async throws {
    let part = try MultipartForm(contentType: "multipart/form-data; boundary=b").part(named: "file", in: RequestBody(Array(form.utf8)))
    await #expect(throws: error) { for try await _ in part {} }
    let bytes = Array(form.utf8)
    let whole = Reading(bytes.whole)
    #expect(Reading(bytes.byteByByte) == whole)
    #expect(error.refusal.status == .badRequest)
  }

  @Test("gives one part's data")
  func onePart() async throws {
    let form = Self.field + Self.file.replacing("--bb", with: "--c") + Self.end
    let multipart = try MultipartForm(contentType: "Multipart/Form-Data; charset=utf-8; Boundary=\"b\"")
    var data: [UInt8] = []
    for try await chunk in multipart.part(named: "file", in: RequestBody(Array(form.utf8))) { data += chunk }
    #expect(String(decoding: data, as: UTF8.self) == "1\r\n--2\r\n--c\r")
  }

  @Test(
    "takes its boundary from the content type, or refuses",
    arguments: [
      ("multipart/form-data", MultipartError.invalidBoundary), ("multipart/form-data; boundary=", .invalidBoundary),
      ("multipart/form-data; boundary=\"a", .invalidBoundary), ("multipart/form-data; boundary=a; boundary=b", .invalidBoundary),
      ("multipart/form-data; boundary=\(String(repeating: "a", count: 71))", .invalidBoundary),
      ("multipart/form-data; boundary=a{", .invalidBoundary),
      ("multipart/mixed; boundary=a", .notMultipart(given: "multipart/mixed; boundary=a")), ("", .notMultipart(given: "")),
    ])
  func boundaries(contentType: String, error: MultipartError) {
    #expect(throws: error) { try MultipartForm(contentType: contentType) }
  }

  @Test("survives mutations, and reads the same however they are cut")
  func mutations() {
    var random = SplitMix(state: 7578)
    let original = Array((Self.field + Self.file.replacing("--bb", with: "--c") + Self.end).utf8)
    for round in 0..<5000 {
      var bytes = original
      for _ in 0...(random.next() % 3) {
        let position = Int(random.next() % UInt64(bytes.count))
        switch random.next() % 3 {
        case 0: bytes[position] ^= 1 << UInt8(random.next() % 8)
        case 1: bytes.remove(at: position)
        default: bytes.insert(contentsOf: "\r\n--b".utf8, at: position)
        }
      }
      let cut = Int(random.next() % UInt64(bytes.count + 1))
      guard Reading(bytes.cut(at: cut)) == Reading(bytes.whole) else {
        Issue.record("round \(round), cut \(cut): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
        return
      }
    }
  }
}
