import Testing

@testable import posterior

@Suite("Terms of training on the command line")
struct TermTableTests {
  @Test("terms of parts are a table of ten lines at most, the weightiest first; others stay as they are")
  func table() {
    let members = (0..<20).flatMap { [("m\($0).nrmse", 0.5), ("m\($0).number_weight", $0 == 7 ? 0.75 : $0 == 3 ? 0.25 : 0)] }
    let table = TermTable([("nrmse", 0.4), ("mean_fill.nrmse", 1)] + members.map { (name: $0.0, value: $0.1) })
    #expect(table.plain.map(\.name) == ["nrmse"])
    let lines = table.lines { "\($0)" }
    #expect(lines.count <= 9 && lines.allSatisfy { $0.count < 80 }, "\(lines)")
    #expect(lines[0].split(separator: " ") == ["nrmse", "number_weight"])
    #expect(lines[1].split(separator: " ") == ["mean_fill", "1.0"] && lines[2].split(separator: " ") == ["m7", "0.5", "0.75"])
    #expect(lines[3].contains("m3") && lines.last == "  and 14 more, of weight 0.0 at most")
    #expect(TermTable([("elbo_nats", -3)]).lines { "\($0)" }.isEmpty)
  }
}
