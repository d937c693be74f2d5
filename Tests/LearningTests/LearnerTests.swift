import Data
import Families
import Formats
import Foundation
import Learning
import ModelFiles
import Modelling
import Networks
import Optimisation
import Synchronization
import TemporaryFolders
import Tensors
import Testing

@Suite("Learners of every kind")
struct LearnerTests {
  private let bench: TrainingBench

  init() throws { bench = try TrainingBench() }

  /// 30 rows around (-2, -2), (2, -2) and (0, 3).
  private func blobs() throws -> String {
    let (noise, centres) = (RandomKey(seed: 8).normal([30, 2]).scalars, [[-2, -2], [2, -2], [0, 3]] as [[Float]])
    let lines = (0..<30).map { row in
      let centre = centres[row % 3]
      return "\(centre[0] + 0.2 * noise[2 * row]),\(centre[1] + 0.2 * noise[2 * row + 1]),\(["a", "b", "c"][row % 3])"
    }
    return try bench.folder.file("blobs.csv", "u,v,class\n" + lines.joined(separator: "\n") + "\n")
  }

  /// A recipe for each way to learn but from streams; three epochs of three batches.
  private static let recipes: [(family: String, rest: String)] = [
    ("toy_duel", #""optimiser": {"rate": 0.01}"#),
    ("toy_evolution", #""optimiser": {"kind": "sgd", "rate": 0.1, "momentum": 0.5}, "clip": {"norm": 1}"#),
    ("toy_mixture", #""optimiser": {}"#),
    ("beta_tcvae", #""configuration": {"latent": 2, "hidden": [4], "batch_norm": true, "likelihood": "gaussian"}"#),
    (
      "gmdgm",
      #"""
      "configuration": {"latent": 2, "hidden": [4], "components": 3, "likelihood": "gaussian"}, "training": {"pretraining_epochs": 1},
      "labels": {"per_class": 2, "batch_size": 4}
      """#
    ),
    (
      "unrolled_gan",
      #"""
      "configuration": {"latent": 3, "hidden": [6]}, "training": {"unroll_steps": 2, "discriminator_rate": 0.02}, "optimiser": {"rate": 0.01}
      """#
    ),
    ("vaeac", #""configuration": {"latent": 2, "hidden": 4, "blocks": 1}"#),
    (
      "vlac",
      #"""
      "configuration": {"layers": [{"latent": 2, "hidden": [4]}], "components": [3], "likelihood": "gaussian"},
      "training": {"pretraining_epochs": 2, "fit_items": 20}
      """#
    ),
  ]

  private func recipe(_ family: String, epochs: Int = 3, data: String? = nil) throws -> Recipe {
    let rest = try #require(Self.recipes.first { $0.family == family }).rest
    return try bench.recipe(
      #"""
      {"family": "\#(family)", "data": {"source": "\#(data ?? blobs())", "labels": {"column": "class"}}, "epochs": \#(epochs), "batch_size": 9,
       "validation": 6, "seed": 4, \#(rest)}
      """#)
  }

  private var families: [any ModelFamily.Type] { Catalogue.families + toyFamilies }

  @Test("a run that was stopped at any step and resumed ends in the bytes of one that was not", arguments: recipes.map(\.family))
  func resumes(_ family: String) throws {
    let recipe = try recipe(family)
    let steps = Atomic<Int>(0)
    let whole = try bench.run(recipe, families: families) { if case .step = $0 { steps.add(1, ordering: .relaxed) } }.digest
    for stop in 0..<steps.load(ordering: .relaxed) {
      try bench.clear()
      #expect(throws: TrainingError.stopped) { try bench.run(recipe, steps: stop, families: families) }
      #expect(try bench.run(recipe, resumes: true, families: families).digest == whole, "stopped after \(stop) steps")
    }
  }

  @Test("a finished run whose checkpoint was kept goes on to the bytes of a longer one", arguments: recipes.map(\.family))
  func goesOn(_ family: String) throws {
    let whole = try bench.run(recipe(family, epochs: 4), families: families).digest
    try bench.clear()
    let short = try bench.run(recipe(family, epochs: 2), keepsCheckpoint: true, families: families).digest
    #expect(bench.folder.has("checkpoint") && short != whole)
    // Again to the same end: the same file.
    #expect(try bench.run(recipe(family, epochs: 2), resumes: true, keepsCheckpoint: true, families: families).digest == short)
    #expect(try bench.run(recipe(family, epochs: 4), resumes: true, families: families).digest == whole)
    #expect(!bench.folder.has("checkpoint"))
    let error = #expect(throws: TrainingError.self) { try bench.run(recipe(family, epochs: 5), resumes: true, families: families) }
    #expect("\(error.map { "\($0)" } ?? "")".contains("--keep-checkpoint"))
  }

  @Test("a run can't go on to more epochs under a schedule that is spread over all of them, nor back to fewer")
  func schedules() throws {
    for (kind, sentence) in [
      (Schedule.Kind.cosine, "its cosine schedule is spread over 2 epochs and can't go on to 4"), (.linear, "spread over 2"),
      (.exponential, "spread over 2"), (.constant, nil), (.step, nil),
    ] {
      try bench.clear()
      var (short, long) = (try recipe("toy_evolution", epochs: 2), try recipe("toy_evolution", epochs: 4))
      (short.schedule, long.schedule) = (Schedule(kind, every: 1), Schedule(kind, every: 1))
      _ = try bench.run(short, keepsCheckpoint: true, families: families)
      guard let sentence else {
        let continued = try bench.run(long, resumes: true, families: families).digest
        #expect(try continued == bench.run(long, families: families).digest)
        continue
      }
      let error = #expect(throws: TrainingError.self) { try bench.run(long, resumes: true, families: families) }
      #expect("\(error.map { "\($0)" } ?? "")".contains(sentence))
    }
    try bench.clear()
    _ = try bench.run(recipe("toy_evolution", epochs: 3), keepsCheckpoint: true, families: families)
    let error = #expect(throws: TrainingError.self) { try bench.run(recipe("toy_evolution", epochs: 2), resumes: true, families: families) }
    #expect("\(error.map { "\($0)" } ?? "")".contains("no place in 2 epochs"))
  }

  // MARK: What the kinds learn

  private func reports(_ recipe: Recipe) throws -> (reports: [EpochReport], result: Training.Result) {
    let reports = Mutex<[EpochReport]>([])
    let result = try bench.run(recipe, families: families) { if case .epochFinished(let report) = $0 { reports.withLock { $0.append(report) } } }
    return (reports.withLock { $0 }, result)
  }

  @Test("the best epoch is that of the smallest term where the learner prefers small ones, and every term of the validation is recorded")
  func criterion() throws {
    let recorder = RecorderDouble()
    let (reports, result) = try reports(recipe("toy_duel", epochs: 12))
    let distances = try reports.map { try #require($0.criterion) }
    #expect(result.bestValue == distances.min() && result.bestEpoch == (distances.firstIndex(of: distances.min() ?? 0) ?? 0) + 1)
    #expect(reports.allSatisfy { $0.validation.map(\.name) == ["distance", "items"] && $0.validation[1].value == 6 })
    _ = try bench.run(recipe("toy_duel"), recorder: recorder, families: families)
    let names = ["train.surrogate", "train.critic", "validation.distance", "validation.items", "rate", "items_per_second", "seconds"]
    #expect(recorder.account.metrics.prefix(7).map(\.name) == names)
  }

  @Test("EM with a component remembered for every item finds the three clusters, and soon few items change")
  func hardEM() throws {
    let (reports, _) = try reports(recipe("toy_mixture", epochs: 60))
    func changed(_ report: EpochReport) -> Double { report.terms.first { $0.name == "changed" }?.value ?? .nan }
    #expect(changed(reports[0]) > 0.05 && changed(reports[59]) < 0.05)
    let model = try #require(ModelFile.load(path: bench.output, families: families).model as? ToyMixture)
    let means = model.signature.toRaw(model.network.means).scalars
    for centre in [[-2, -2], [2, -2], [0, 3]] as [[Float]] {
      #expect((0..<3).contains { abs(means[2 * $0] - centre[0]) < 0.4 && abs(means[2 * $0 + 1] - centre[1]) < 0.4 }, "\(means)")
    }
  }

  @Test("evolution comes near the median without a gradient")
  func evolution() throws {
    let (reports, _) = try reports(recipe("toy_evolution", epochs: 40))
    let (first, last) = (try #require(reports[0].criterion), try #require(reports[39].criterion))
    #expect(last < 0.7 * first)
  }

  @Test("items of an epoch are those to learn from once each, numbered from 0; those held out follow")
  func numbers() throws {
    let order = EpochOrder([5, 7, 9, 11, 13], batchSize: 2, .shuffled, key: RandomKey(seed: 1))
    #expect(order.batches == 3 && order.count == 5 && Set(order.epoch(0)) == [5, 7, 9, 11, 13] && order.epoch(0) != order.epoch(1))
    #expect((0..<3).map(order.range) == [0..<2, 2..<4, 4..<5])
  }

  @Test("a stream is read in order: row b of a batch goes on where row b of the batch before it ends")
  func streams() throws {
    let order = EpochOrder(Array(100..<111), batchSize: 3, .stream, key: RandomKey(seed: 1))
    // 11 pieces in three rows of three; two are left over.
    #expect(order.rows == 3 && order.batches == 3 && order.count == 9)
    #expect(order.epoch(0) == [100, 103, 106, 101, 104, 107, 102, 105, 108] && order.epoch(1) == order.epoch(0))
    let few = EpochOrder([4, 5], batchSize: 50, .stream, key: RandomKey(seed: 1))
    #expect(few.rows == 2 && few.batches == 1 && few.epoch(0) == [4, 5])
  }

  @Test("a stream's hidden states are carried through an epoch, resumed in its midst, and its last items are held out")
  func carriedStates() throws {
    let lines = (0..<44).map { "\(sin(0.3 * Float($0))),\(cos(0.3 * Float($0)))" }
    let path = try bench.folder.file("wave.csv", "u,v\n" + lines.joined(separator: "\n") + "\n")
    let table = try DataSource(source: path).load()
    let stream = DataSet(name: "wave", rows: table.rows, signature: table.signature, digest: table.digest, order: .stream)
    let recipe = try bench.recipe(
      #"""
      {"family": "toy_reader", "data": {"source": "\#(path)"}, "epochs": 20, "batch_size": 4, "validation": 8, "seed": 4,
       "optimiser": {"rate": 0.05}}
      """#)
    let events = Mutex<[EpochReport]>([])
    let whole = try bench.run(recipe, families: families, data: stream) { event in
      if case .epochFinished(let report) = event { events.withLock { $0.append(report) } }
    }
    let errors = events.withLock { $0.compactMap(\.criterion) }
    #expect(errors.count == 20 && errors[19] < errors[0])
    // Nine batches of four rows an epoch.
    for stop in [1, 4, 8, 9, 10, 150] {
      try bench.clear()
      #expect(throws: TrainingError.stopped) { try bench.run(recipe, steps: stop, families: families, data: stream) }
      #expect(try bench.run(recipe, resumes: true, families: families, data: stream).digest == whole.digest)
    }
    // The same rows as an unordered table are another run.
    #expect(try bench.run(recipe, families: families).digest != whole.digest)
  }
}
