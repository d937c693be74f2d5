import Families
import Formats
import Learning
import ModelFiles
import Modelling
import Synchronization
import TemporaryFolders
import Tensors
import Testing

@Suite("Training in phases")
struct ClassPhaseTrainingTests {
  private let bench: TrainingBench

  init() throws { bench = try TrainingBench() }

  /// Two epochs of a VAE's phase and each of three others, two mixtures, then what is left; three batches an epoch.
  private func recipe(_ family: String, epochs: Int, labels: Bool = false) throws -> Recipe {
    let images = try bench.bars(30, side: 4)
    let classes = (0..<30).map { UInt8($0 % 2) }
    let labelled = try bench.folder.file("labels.idx", IDX.encode(classes, dimensions: [30]))
    let (source, kept) =
      labels
      ? (#", "labels": {"source": "\#(labelled)", "names": ["a", "b"]}"#, #""labels": {"per_class": 2, "batch_size": 3},"#) : ("", "")
    return try bench.recipe(
      #"""
      {"family": "\#(family)", "data": {"source": "\#(images)"\#(source)}, \#(kept) "epochs": \#(epochs), "batch_size": 9, "validation": 6, "seed": 4,
       "configuration": {"latent": 2, "hidden": [6], "components": 3, "binarisation": "dynamic", "class_pixels": "grey"},
       "training": {
         "phases": [{"kind": "vae", "epochs": 1}, {"kind": "mixture", "restarts": 2}, {"kind": "distil", "epochs": 1},
                    {"kind": "consistency", "epochs": 1, "rate": 0.01}, {"kind": "joint", "rate": 0.005, "consistency_weight": 2}],
         "augmentation": {"rotation": 10, "shift": 1}, "enumeration": 2}}
      """#)
  }

  @Test("a run that was stopped within or between phases and resumed ends in the same bytes", arguments: ["agmdgm", "gmdgm", "m2"])
  func resumes(_ family: String) throws {
    for labels in [false, true] {
      let recipe = try recipe(family, epochs: 7, labels: labels)
      let steps = Atomic<Int>(0)
      let whole = try bench.run(recipe) { if case .step = $0 { steps.add(1, ordering: .relaxed) } }.digest
      for stop in 0..<steps.load(ordering: .relaxed) {
        try bench.clear()
        #expect(throws: TrainingError.stopped) { try bench.run(recipe, steps: stop) }
        #expect(try bench.run(recipe, resumes: true).digest == whole, "stopped after \(stop) steps")
      }
      try bench.clear()
    }
  }

  @Test("so does one of layers with a mixture each", arguments: ["[1]", "[0, 1]"])
  func ladderResumes(_ layers: String) throws {
    let recipe = try bench.recipe(
      #"""
      {"family": "vlac", "data": {"source": "\#(try bench.bars(30, side: 4))"}, "epochs": 7, "batch_size": 9, "validation": 6, "seed": 4,
       "configuration": {"layers": [{"latent": 2, "hidden": [6]}, {"latent": 2, "hidden": [5]}], "components": [2, 3], "likelihood": "gaussian"},
       "training": {
         "phases": [{"kind": "vae", "epochs": 2}, {"kind": "mixture", "restarts": 2}, {"kind": "consistency", "epochs": 1, "rate": 0.01},
                    {"kind": "joint", "rate": 0.005, "consistency_weight": 2}],
         "fade_in_batches": 4, "fit_items": 20, "augmentation": {"rotation": 10, "shift": 1}, "consistent_layers": \#(layers)}}
      """#)
    let steps = Atomic<Int>(0)
    let whole = try bench.run(recipe) { if case .step = $0 { steps.add(1, ordering: .relaxed) } }.digest
    for stop in 0..<steps.load(ordering: .relaxed) {
      try bench.clear()
      #expect(throws: TrainingError.stopped) { try bench.run(recipe, steps: stop) }
      #expect(try bench.run(recipe, resumes: true).digest == whole, "stopped after \(stop) steps")
    }
  }

  @Test("so does one under changes of a table's rows", arguments: ["gmdgm", "vlac"])
  func tableResumes(_ family: String) throws {
    let rows = RandomKey(seed: 5).normal([30, 3]).scalars
    let lines = (0..<30).map { row in (0..<3).map { "\(rows[3 * row + $0] + Float(row % 2 * 4))" }.joined(separator: ",") + "\n" }
    let table = try bench.folder.file("rows.csv", "u,v,w\n" + lines.joined())
    let configuration =
      family == "vlac" ? #""layers": [{"latent": 2, "hidden": [6]}], "components": [2]"# : #""latent": 2, "hidden": [6], "components": 2"#
    let recipe = try bench.recipe(
      #"""
      {"family": "\#(family)", "data": {"source": "\#(table)"}, "epochs": 4, "batch_size": 9, "validation": 6, "seed": 4,
       "configuration": {\#(configuration), "likelihood": "gaussian"},
       "training": {"phases": [{"kind": "vae", "epochs": 1}, {"kind": "mixture"}, {"kind": "consistency", "epochs": 1}, {"kind": "joint"}],
                    "perturbation": {"noise": 0.2, "adversarial": 0.1}}}
      """#)
    let steps = Atomic<Int>(0)
    let whole = try bench.run(recipe) { if case .step = $0 { steps.add(1, ordering: .relaxed) } }.digest
    for stop in 0..<steps.load(ordering: .relaxed) {
      try bench.clear()
      #expect(throws: TrainingError.stopped) { try bench.run(recipe, steps: stop) }
      #expect(try bench.run(recipe, resumes: true).digest == whole, "stopped after \(stop) steps")
    }
  }

  @Test("a run of phases can go on to more epochs of the last, and is the same on two threads")
  func goesOn() throws {
    defer { Parallelism.width = 1 }
    let long = try bench.run(recipe("gmdgm", epochs: 8)).digest
    let short = try bench.run(recipe("gmdgm", epochs: 6), keepsCheckpoint: true).digest
    #expect(short != long)
    Parallelism.width = 2
    #expect(try bench.run(recipe("gmdgm", epochs: 8), resumes: true).digest == long)
    #expect(try bench.run(recipe("gmdgm", epochs: 8)).digest == long)
  }

  @Test("the best epoch is one of the last phase, by the whole objective of the items held out")
  func compared() throws {
    let reports = Mutex<[EpochReport]>([])
    let result = try bench.run(recipe("gmdgm", epochs: 10)) { event in
      if case .epochFinished(let report) = event { reports.withLock { $0.append(report) } }
    }
    let all = reports.withLock { $0 }
    let values = try all.map { try #require($0.criterion) }
    let best = (5..<10).max { values[$0] < values[$1] } ?? 0
    #expect(result.bestEpoch == best + 1 && result.bestValue == values[best] && all[..<5].allSatisfy { !$0.isBest })
    for report in all[5...] {
      func term(_ name: String) throws -> Double { try #require(report.validation.first { $0.name == name }).value }
      let r = try term("change_nats") + 0.1 * (term("class_entropy_nats") + 4 * term("imbalance_nats"))
      #expect(try abs(term("elbo_nats") - 2 * r - term("objective_nats")) < 1e-3)
    }
    #expect(try ModelFile.load(path: bench.output, families: Catalogue.families).model is GMDGM)
  }

  @Test("a run that ends before its last phase is refused with the epochs that the others take")
  func tooShort() throws {
    #expect { try bench.run(recipe("gmdgm", epochs: 5)) } throws: { error in
      (error as? Fault).map { $0.field == "epochs" && $0.expected.hasPrefix("more than 5") } ?? false
    }
  }
}
