import HTTP
import Testing

@Suite("Header fields")
struct HeaderFieldsTests {
  @Test("keep their order and are found in any case")
  func lookUp() {
    var fields: HeaderFields = ["Accept": "a", "X-One": "1", "accept": "b"]
    #expect(fields["ACCEPT"] == "a")
    #expect(fields.values(of: "Accept") == ["a", "b"])
    #expect(fields["missing"] == nil)
    fields["ACCEPT"] = "c"
    #expect(fields.map { "\($0.name)=\($0.value)" } == ["X-One=1", "ACCEPT=c"])
    fields["x-one"] = nil
    #expect(fields.count == 1 && !fields.contains("X-One"))
  }

  @Test("let no value start another field")
  func injection() {
    let fields: HeaderFields = ["A": "b\r\nC: d\0"]
    #expect(fields["A"] == "b  C: d ")
    #expect(fields.count == 1 && fields["C"] == nil)
  }

  @Test("hold text beyond ASCII")
  func unicode() {
    let fields: HeaderFields = ["A": "é"]
    #expect(fields["a"] == "é")
  }
}
