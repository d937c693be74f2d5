import Testing

@testable import posterior

@Suite("A line of progress")
struct ProgressLineTests {
  private let line = ProgressLine(
    "epoch 13/40", part: 0.5, ["elbo -231.42", "kl 24.10", "reconstruction -207.32", "validation -233.10"], "51200 items/s  1:02:42 left")

  @Test("is no longer than the terminal is wide, whatever it has to say", arguments: [0, 1, 10, 20, 40, 60, 80, 81, 120, 500])
  func fits(columns: Int) {
    #expect(line.text(columns: columns).count <= max(columns - 1, 0))
  }

  @Test("keeps its bar and its end, and leaves out the last details first")
  func keeps() {
    let text = line.text(columns: 80)
    #expect(text.hasPrefix("epoch 13/40 [") && text.hasSuffix("51200 items/s  1:02:42 left") && text.contains("elbo") && !text.contains("validation"))
    #expect(line.text(columns: 200).contains("[############............]  elbo -231.42  kl 24.10  reconstruction -207.32  validation -233.10  51200"))
  }
}
