import Families
import Formats
import Modelling
import Optimisation
import Tensors
import Testing

@Suite("Ladder schedules")
struct LadderScheduleTests {
  @Test("the weight of the KL term is 1 - exp(-t/2000) in the t-th batch")
  func warmUp() {
    let schedule = LadderSchedule(warmUpBatches: 2000)
    for (batch, weight) in [(1, 0.000_499_875), (2000, 0.632_120_559), (10_000, 0.993_262_053)] as [(Int, Float)] {
      #expect(abs(schedule.weight(step: batch - 1, epoch: 0) - weight) < 1e-7)
    }
    #expect(LadderSchedule().weight(step: 0, epoch: 0) == 1)
    let linear = LadderSchedule(warmUpEpochs: 8)
    #expect([0, 2, 8, 20].map { linear.weight(step: 5, epoch: $0) } == [0, 0.25, 1, 1])
  }

  @Test("layers fade in one after another, the top one being there from the start")
  func fadeIn() {
    let schedule = LadderSchedule(fadeInBatches: 10, layerBatches: 30)
    let rows: [(Int, [Float])] = [
      (0, [0, 0, 1]), (30, [0, 0, 1]), (31, [0, 0.1, 1]), (35, [0, 0.5, 1]), (40, [0, 1, 1]), (60, [0, 1, 1]), (69, [0.9, 1, 1]), (70, [1, 1, 1]),
      (1_000_000, [1, 1, 1]),
    ]
    for (step, shares) in rows { #expect(schedule.shares(step: step, layers: 3) == shares, "at \(step)") }
    let even = LadderSchedule(fadeInBatches: 4)
    #expect([0, 4, 5, 8, 12].map { even.shares(step: $0, layers: 2) } == [[0, 1], [0, 1], [0.25, 1], [1, 1], [1, 1]])
    #expect(LadderSchedule().shares(step: 0, layers: 3) == [1, 1, 1])
    #expect(schedule.shares(step: 0, layers: 1) == [1])
  }

  @Test(
    "options out of range are refused by field, in either family",
    arguments: [
      (#"{"kl_warm_up_batches": -1}"#, "kl_warm_up_batches"), (#"{"kl_warm_up_epochs": -0.5}"#, "kl_warm_up_epochs"),
      (#"{"kl_warm_up_batches": 10, "kl_warm_up_epochs": 1}"#, "kl_warm_up_epochs"), (#"{"fade_in_batches": -3}"#, "fade_in_batches"),
      (#"{"fade_in_batches": 3, "layer_batches": -3}"#, "layer_batches"), (#"{"layer_batches": 3}"#, "layer_batches"),
      (#"{"pretraining_epochs": -1}"#, "pretraining_epochs"), (#"{"fit_items": 0}"#, "fit_items"),
    ])
  func refused(_ text: String, _ field: String) throws {
    let ladder = LadderConfiguration([.init(latent: 1, hidden: [2])])
    let options = try StrictJSON.decode(VLAC.TrainingOptions.self, from: Array(text.utf8))
    let vlac = try VLAC(VLAC.Configuration(ladder, components: [2]), signature: .vector(2), key: .init(seed: 1))
    #expect(#expect(throws: Fault.self) { try vlac.check(options) }?.field == field)
    let vlae = try VLAE(ladder, signature: .vector(2), key: .init(seed: 1))
    let schedule = options.ladder.schedule
    if schedule != LadderSchedule() { #expect(#expect(throws: Fault.self) { try vlae.check(LadderTraining(schedule)) }?.field == field) }
    try vlae.check(LadderTraining())
    try vlac.check(VLAC.TrainingOptions())
  }
}
