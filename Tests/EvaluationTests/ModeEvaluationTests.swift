import Data
import Evaluation
import Formats
import ModelFiles
import Tensors
import Testing

@Suite("Modes of samples")
struct ModeEvaluationTests {
  /// Three modes of deviation 0.1 on a line.
  private let modes = GaussianModes(centres: [[0, 0], [1, 0], [2, 0]], deviation: 0.1)

  private func evaluate(_ points: [[Float]]) -> ModeEvaluation {
    ModeEvaluation(of: Tensor(shape: [points.count, 2], scalars: points.flatMap(\.self)), on: modes)
  }

  @Test("a mode is covered by a sample within three deviations of it, and by none further off")
  func reach() {
    let evaluation = evaluate([[0.29, 0], [1, 0.31], [0, 0.1], [2.2, 0.2]])
    #expect(evaluation.nearest == [2, 1, 1] && evaluation.highQuality == [2, 0, 1])
    #expect(evaluation.coveredModes == 2 && evaluation.highQualityShare == 0.75)
    #expect(evaluate([[0.5, 5], [9, 9]]).coveredModes == 0)
    #expect(evaluate([[.nan, 0], [1, 0]]).highQuality.reduce(0, +) == 1)
  }

  @Test("the ring's own points cover its eight modes, 98.9 % of them within three deviations")
  func ring() throws {
    let data = try DataSource(source: "ring", split: .test, limit: 2500).load()
    let evaluation = ModeEvaluation(of: data.raw(0..<2500), on: Ring.modes)
    #expect(evaluation.coveredModes == 8)
    // The square of the distance in deviations is exponential with mean 2: P(r <= 3) = 1 - e^-4.5.
    #expect(abs(evaluation.highQualityShare - 0.988_891) < 4 * evaluation.standardError)
    #expect(evaluation.metrics.map(\.name) == ["modes_covered", "high_quality_share", "high_quality_share.standard_error"])
    #expect(evaluation.metrics[0].value == 8)
  }

  @Test("the document says how many samples each mode has")
  func document() throws {
    let document = evaluate([[0, 0], [0, 0.5], [2, 0]]).document
    let text = String(decoding: document.bytes, as: UTF8.self)
    #expect(document.name == "modes.json")
    #expect(
      text
        == #"{"samples":3,"deviation":0.1,"reach_in_deviations":3,"modes":[{"centre":[0,0],"nearest":2,"high_quality":1},"#
        + #"{"centre":[1,0],"nearest":0,"high_quality":0},{"centre":[2,0],"nearest":1,"high_quality":1}]}"#)
  }
}
