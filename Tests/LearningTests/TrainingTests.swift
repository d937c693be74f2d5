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

@Suite("Training")
struct TrainingTests {
  private let bench: TrainingBench

  init() throws { bench = try TrainingBench() }

  /// The reports of a run's epochs, and its result.
  private func epochs(_ recipe: Recipe) throws -> (reports: [EpochReport], result: Training.Result) {
    let reports = Mutex<[EpochReport]>([])
    let result = try bench.run(recipe) { event in
      if case .epochFinished(let report) = event { reports.withLock { $0.append(report) } }
    }
    return (reports.withLock { $0 }, result)
  }

  private func term(_ name: String, _ report: EpochReport) throws -> Double { try #require(report.terms.first { $0.name == name }).value }

  // MARK: Learning

  @Test("on bars the training and the validation bound rise, and the file holds the model")
  func bars() throws {
    let data = try bench.bars(400)
    let (reports, result) = try epochs(
      bench.recipe(
        #"""
        {"family": "vae", "data": {"source": "\#(data)"}, "epochs": 25, "batch_size": 25, "validation": 100, "seed": 3,
         "configuration": {"latent": 6, "hidden": [48]}, "optimiser": {"rate": 0.005}}
        """#))
    let (first, last) = (reports[0], reports[24])
    #expect(try term("elbo_nats", last) > term("elbo_nats", first) + 5)
    let bounds = try reports.map { try #require($0.criterion) }
    #expect(bounds[24] > bounds[0] + 5)
    #expect(result.bestValue == bounds.max())
    let file = try ModelFile.load(path: bench.output, families: Catalogue.families)
    #expect(file.model.signature == .image(height: 8, width: 8))
    #expect(file.provenance.seed == 3)
    #expect(try file.provenance.data == SHA256.digest(bench.folder.bytes("bars.idx")))
    #expect(try result.digest == SHA256.digest(bench.folder.bytes("model.safetensors")))
    #expect(!bench.folder.has("checkpoint"))
  }

  @Test("on two clusters in a table the bound passes that of the best single Gaussian, in raw units")
  func clusters() throws {
    let key = RandomKey(seed: 9)
    let (noise, side) = (key.split("noise").normal([500, 2]).scalars, key.split("side").uniform([500, 1]).scalars)
    // Centres (97, -3) and (103, 3), deviation 0.3.
    let lines = (0..<500).map { row in
      let centre: Float = side[row] < 0.5 ? -3 : 3
      return "\(100 + centre + 0.3 * noise[2 * row]),\(centre + 0.3 * noise[2 * row + 1])"
    }
    let data = try bench.folder.file("t.csv", "u,v\n" + lines.joined(separator: "\n") + "\n")
    let (_, result) = try epochs(
      bench.recipe(
        #"""
        {"family": "vae", "data": {"source": "\#(data)"}, "epochs": 100, "batch_size": 50, "validation": 100, "seed": 3,
         "configuration": {"latent": 1, "hidden": [32], "activation": "tanh", "likelihood": "gaussian_learned"}, "optimiser": {"rate": 0.01}}
        """#))
    // -1 - ln 2π - ½ ln(18.09 · 0.09) with the covariance known; the truth is near -1.12.
    #expect(try #require(result.bestValue) > -3.08)
    #expect(try #require(result.bestValue) < -1.0)
  }

  @Test("the file of a model of images says what pixels it learnt from where they don't fill the range")
  func seen() throws {
    let grey = RandomKey(seed: 4).uniform([20, 16]).scalars.map { UInt8($0 * 99) }
    let data = try bench.folder.file("grey.idx", IDX.encode(grey, dimensions: [20, 4, 4]))
    _ = try bench.run(
      bench.recipe(
        #"""
        {"family": "vae", "data": {"source": "\#(data)"}, "epochs": 1, "configuration": {"latent": 1, "hidden": [4], "likelihood": "gaussian"}}
        """#))
    let file = try ModelFile.inspect(path: bench.output, families: Catalogue.families)
    let signature = try #require(file.description?.signature)
    #expect(try signature.seen == Float(#require(grey.min()))...Float(#require(grey.max())))
    #expect(signature.format == 4)
    #expect(try ModelFile.load(path: bench.output, families: Catalogue.families).model.signature == signature)
  }

  @Test("tables are standardised by the rows that are learnt from, never by those held out")
  func standardised() throws {
    let rows: [[Float]] = (0..<10).map { [Float($0 * $0), Float(3 * $0) - 7] }
    let data = try bench.folder.file("t.csv", "a,b\n" + rows.map { "\($0[0]),\($0[1])\n" }.joined())
    _ = try bench.run(
      bench.recipe(
        #"""
        {"family": "vae", "data": {"source": "\#(data)"}, "epochs": 1, "validation": 9,
         "configuration": {"latent": 1, "hidden": [2], "likelihood": "gaussian"}}
        """#))
    // One row is left to learn from: it is the mean, and constant.
    let scaling = try #require(ModelFile.load(path: bench.output, families: Catalogue.families).model.signature.space.scaling)
    #expect(rows.contains(scaling.offset.map { Float($0) }) && scaling.scale == [1, 1])
  }

  @Test("the importance-weighted objective is learnt from and named as such")
  func importanceWeighted() throws {
    let data = try bench.bars(120)
    let (reports, _) = try epochs(
      bench.recipe(
        #"""
        {"family": "vae", "data": {"source": "\#(data)"}, "epochs": 6, "batch_size": 20, "configuration": {"latent": 2, "hidden": [16]},
         "training": {"importance_samples": 4}, "optimiser": {"rate": 0.01}}
        """#))
    #expect(try term("iwae_nats", reports[5]) > term("iwae_nats", reports[0]) + 2)
    #expect(reports.allSatisfy { $0.criterion == nil && !$0.isBest })
  }

  @Test("the model of the best validation bound is written, not the last one")
  func best() throws {
    // Noise can't be generalised from: the bound of items that were held out soon falls.
    let noise = RandomKey(seed: 4).uniform([60, 64]).scalars.map { $0 < 0.5 ? UInt8(0) : 255 }
    let data = try bench.folder.file("noise.idx", IDX.encode(noise, dimensions: [60, 8, 8]))
    func recipe(_ epochs: Int) throws -> Recipe {
      try bench.recipe(
        #"""
        {"family": "vae", "data": {"source": "\#(data)"}, "epochs": \#(epochs), "batch_size": 10, "validation": 40, "seed": 2,
         "configuration": {"latent": 4, "hidden": [64]}, "optimiser": {"rate": 0.01}}
        """#)
    }
    let (reports, result) = try epochs(recipe(30))
    let bounds = try reports.map { try #require($0.criterion) }
    let best = (bounds.indices.max { bounds[$0] < bounds[$1] } ?? 0) + 1
    #expect(result.bestEpoch == best && result.bestValue == bounds[best - 1] && best < 30)
    #expect(reports.last { $0.isBest }?.epoch == best)
    let written = try ModelFile.load(path: bench.output, families: Catalogue.families).model.network.leaves.map(\.tensor.scalars)
    // A run that ends at that epoch ends with the same weights.
    _ = try bench.run(recipe(best))
    #expect(try ModelFile.load(path: bench.output, families: Catalogue.families).model.network.leaves.map(\.tensor.scalars) == written)
    var last = try recipe(30)
    last.validation = 0
    _ = try bench.run(last)
    #expect(try ModelFile.load(path: bench.output, families: Catalogue.families).model.network.leaves.map(\.tensor.scalars) != written)
  }

  // MARK: The same bytes

  @Test("the same recipe gives the same bytes, another seed does not")
  func repeatable() throws {
    let data = try bench.bars(60)
    let first = try bench.run(bench.recipe(data: data))
    let bytes = try bench.folder.bytes("model.safetensors")
    #expect(try bench.run(bench.recipe(data: data)).digest == first.digest)
    #expect(try bench.folder.bytes("model.safetensors") == bytes)
    #expect(try bench.run(bench.recipe(data: data, seed: 6)).digest != first.digest)
  }

  @Test(
    "a run that was stopped and resumed ends in the bytes of one that was not",
    arguments: [[1], [5], [4], [10], [14], [1, 1, 1], [3, 4, 5]], Optimiser.Kind.allCases)
  func resumed(_ stops: [Int], _ kind: Optimiser.Kind) throws {
    // 44 items to learn from in batches of 10: five steps an epoch.
    let data = try bench.bars(60)
    var recipe = try bench.recipe(data: data)
    recipe.optimiser = Optimiser(kind, rate: 0.01, momentum: kind == .sgd ? 0.9 : 0, weightDecay: 0.01)
    let whole = try bench.run(recipe).digest
    try bench.clear()
    for (index, steps) in stops.enumerated() {
      #expect(throws: TrainingError.stopped) { try bench.run(recipe, resumes: index > 0, steps: steps) }
      #expect(bench.folder.has("checkpoint") && !bench.folder.has("model.safetensors"))
    }
    #expect(try bench.run(recipe, resumes: true).digest == whole)
    #expect(!bench.folder.has("checkpoint"))
  }

  @Test("a resumed epoch reports the means of all its steps")
  func resumedTerms() throws {
    let recipe = try bench.recipe(data: bench.bars(60))
    let (whole, _) = try epochs(recipe)
    try bench.clear()
    #expect(throws: TrainingError.stopped) { try bench.run(recipe, steps: 3) }
    let reports = Mutex<[EpochReport]>([])
    _ = try bench.run(recipe, resumes: true) { event in
      if case .epochFinished(let report) = event { reports.withLock { $0.append(report) } }
    }
    for (a, b) in zip(whole, reports.withLock { $0 }) {
      #expect(a.terms.map(\.value) == b.terms.map(\.value) && a.criterion == b.criterion && a.epoch == b.epoch)
    }
  }

  @Test(
    "the bytes do not depend on the number of threads",
    arguments: [
      #"{"latent": 4, "hidden": [256]}"#,
      #"{"latent": 4, "hidden": [32], "convolutions": [{"channels": 16, "kernel": 3, "padding": 1}, {"channels": 16, "kernel": 4, "stride": 2, "padding": 1}]}"#,
    ])
  func threads(_ configuration: String) throws {
    let data = try bench.bars(128, side: 16)
    let recipe = try bench.recipe(
      #"{"family": "vae", "data": {"source": "\#(data)"}, "epochs": 2, "batch_size": 64, "configuration": \#(configuration), "seed": 1}"#)
    defer { Parallelism.width = 1 }
    let digests = try [1, 2, 3].map { width in
      Parallelism.width = width
      return try bench.run(recipe).digest
    }
    #expect(Set(digests).count == 1)
  }

  // MARK: Checkpoints

  private func refusal(_ recipe: Recipe, resumes: Bool = true, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation) throws {
    let before = try Data(contentsOf: URL(fileURLWithPath: bench.checkpoint))
    let error = #expect(throws: TrainingError.self, sourceLocation: sourceLocation) { try bench.run(recipe, resumes: resumes) }
    for part in parts { #expect("\(error.map { "\($0)" } ?? "")".contains(part), "\(String(describing: error))", sourceLocation: sourceLocation) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: bench.checkpoint)) == before, sourceLocation: sourceLocation)
    #expect(!bench.folder.has("model.safetensors"), sourceLocation: sourceLocation)
  }

  @Test("a checkpoint is neither overwritten nor taken for another recipe or other data")
  func foreignCheckpoint() throws {
    let data = try bench.bars(60)
    let recipe = try bench.recipe(data: data)
    #expect(throws: TrainingError.stopped) { try bench.run(recipe, steps: 7) }
    try refusal(recipe, resumes: false, "there is a checkpoint at", "--resume")
    try refusal(bench.recipe(data: data, seed: 6), "can't be used", "another recipe")
    _ = try bench.bars(60, seed: 2)
    try refusal(recipe, "can't be used", "the data have changed")
    _ = try bench.bars(60)
    _ = try bench.run(recipe, resumes: true)
  }

  @Test("a damaged checkpoint is refused with its path and the reason")
  func damagedCheckpoint() throws {
    let recipe = try bench.recipe(data: bench.bars(60))
    #expect(throws: TrainingError.stopped) { try bench.run(recipe, steps: 7) }
    let bytes = try bench.folder.bytes("checkpoint")
    func replaced(_ old: String, _ new: String) throws -> [UInt8] {
      let range = try #require(Data(bytes).range(of: Data(old.utf8)))
      precondition(old.utf8.count == new.utf8.count, "the offsets in the file stay")
      var changed = Data(bytes)
      changed.replaceSubrange(range, with: Data(new.utf8))
      return [UInt8](changed)
    }
    let damages: [([UInt8], String)] = [
      ([], "can't be used"), (Array(bytes.prefix(bytes.count / 2)), "can't be used"), (Array("not a checkpoint at all".utf8), "can't be used"),
      (try replaced("posterior_checkpoint", "posterior_something_"), "not a training checkpoint"),
      (try replaced(#"\"epoch\":1"#, #"\"epoch\":8"#), "no place"), (try replaced(#"\"batch\":2"#, #"\"batch\":9"#), "no place"),
      (try replaced(#"\"format\":2"#, #"\"format\":1"#), "format is 1, expected 2: it is of an older version"),
      (try replaced(#"\"format\":2"#, #"\"format\":3"#), "format is 3, expected 2: it is of a newer version"),
      (try replaced(#"\"epoch\":1"#, #"\"epoch\":x"#), "can't be used"),
      (try replaced(#""state.network.encoder.0.weight""#, #""state.network.encoder.9.weight""#), "encoder.0.weight"),
      (try replaced(#""state.optimiser.1.encoder.0.weight""#, #""state.optimiser.9.encoder.0.weight""#), "optimiser.1.encoder.0.weight"),
      (try replaced("kl_nats", "kl_nuts"), "sums"),
    ]
    for (damaged, reason) in damages {
      _ = try bench.folder.file("checkpoint", damaged)
      try refusal(recipe, reason)
    }
    try bench.clear()
    let error = #expect(throws: TrainingError.self) { try bench.run(recipe, resumes: true) }
    #expect("\(error.map { "\($0)" } ?? "")".contains(bench.checkpoint))
  }

  // MARK: Refusals and records

  @Test("what can't be trained is refused before the first step, in one sentence")
  func refusals() throws {
    let data = try bench.bars(20)
    let table = try bench.folder.file("t.csv", "a,b\n1,2\n3,5\n4,4\n")
    let rows: [(String, String)] = [
      (#"{"family": "vea", "data": {"source": "\#(data)"}}"#, "expected one of: "),
      (#"{"family": "vae", "data": {"source": "\#(data)"}, "validation": 20}"#, "validation is 20 items, expected fewer than the 20"),
      (#"{"family": "vae", "data": {"source": "\#(data)"}, "configuration": {"latent": 0}}"#, "configuration.latent is 0"),
      (#"{"family": "vae", "data": {"source": "\#(data)"}, "configuration": {"latent": 2, "hiden": [3]}}"#, "configuration.hiden"),
      (#"{"family": "vae", "data": {"source": "\#(data)"}, "configuration": {"latent": 2}, "training": {"bete": 2}}"#, "training.bete"),
      (#"{"family": "vae", "data": {"source": "\#(data)"}, "configuration": {"latent": 2}, "training": {"beta": -2}}"#, "training.beta is -2.0"),
      (
        #"{"family": "vae", "data": {"source": "\#(table)"}, "configuration": {"latent": 2}}"#,
        "configuration.likelihood is bernoulli for an item that holds"
      ),
      (#"{"family": "vae", "data": {"source": "\#(try bench.folder.file("e.csv", "a,b\n"))"}, "configuration": {"latent": 2}}"#, "no items"),
    ]
    for (text, reason) in rows {
      let error = #expect(throws: (any Error).self) { try bench.run(bench.recipe(text)) }
      #expect("\(error.map { "\($0)" } ?? "")".contains(reason), "\(String(describing: error))")
      #expect(!bench.folder.has("model.safetensors") && !bench.folder.has("checkpoint"))
    }
    let elsewhere = Training(
      try bench.recipe(data: data), families: Catalogue.families,
      options: Training.Options(output: bench.folder.path + "/no/m", checkpoint: bench.checkpoint),
      build: BuildInformation(gitRevision: "r", compiler: "c", cpu: "p", blas: "b"))
    let error = #expect(throws: TrainingError.self) { try elsewhere.run(observe: { _ in }) }
    #expect("\(error.map { "\($0)" } ?? "")".contains("there is no folder"))
    let same = Training(
      try bench.recipe(data: data), families: Catalogue.families, options: Training.Options(output: bench.output, checkpoint: bench.output),
      build: BuildInformation(gitRevision: "r", compiler: "c", cpu: "p", blas: "b"))
    #expect(throws: TrainingError.invalid("\(bench.output) can't be both the model and the checkpoint")) { try same.run(observe: { _ in }) }
    // A recipe that was changed after it was read is checked again.
    var changed = try bench.recipe(data: data)
    changed.seed = .max
    #expect(throws: Fault.self) { try bench.run(changed) }
  }

  @Test("a loss or a weight that is no number ends the run without a model", arguments: [1, 5])
  func diverged(_ epochs: Int) throws {
    let recorder = RecorderDouble()
    let recipe = try bench.recipe(
      #"""
      {"family": "vae", "data": {"source": "\#(try bench.bars(20))"}, "epochs": \#(epochs), "batch_size": 20,
       "configuration": {"latent": 2, "hidden": [8], "likelihood": "gaussian", "deviation": 0.001}, "optimiser": {"kind": "sgd", "rate": 1e38}}
      """#)
    let error = #expect(throws: TrainingError.self) { try bench.run(recipe, recorder: recorder) }
    guard case .diverged(let epoch, let step) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect((1...2).contains(epoch) && step == 1)
    #expect(!bench.folder.has("model.safetensors"))
    guard case .failed(let reason) = recorder.account.outcomes.first else {
      Issue.record("\(recorder.account.outcomes)")
      return
    }
    #expect(reason.contains("not finite") && recorder.account.outcomes.count == 1)
  }

  @Test("the recorder learns of the run, its metrics in order and its end")
  func recorded() throws {
    let recorder = RecorderDouble()
    let recipe = try bench.recipe(data: bench.bars(60))
    let result = try bench.run(recipe, recorder: recorder)
    let account = recorder.account
    let run = try #require(account.runs.first)
    #expect(account.runs.count == 1 && run.kind == .train && run.family == "vae" && run.seed == 5)
    #expect(try run.configuration == recipe.canonicalText() && run.tags.isEmpty)
    #expect(try run.dataDigest == SHA256.digest(bench.folder.bytes("bars.idx")))
    let names = ["train.elbo_nats", "train.reconstruction_nats", "train.kl_nats", "validation.bound_nats", "rate", "items_per_second", "seconds"]
    #expect(account.metrics.map(\.name) == names + names + names)
    #expect(account.metrics.map(\.epoch) == [1, 2, 3].flatMap { [Int?](repeating: $0, count: names.count) })
    #expect(account.metrics.allSatisfy { $0.value.isFinite })
    #expect(account.outcomes == [.finished(output: result.digest)] && result.run == recorder.id)
  }

  @Test("a stopped run is cancelled, the one that goes on says from where")
  func cancelled() throws {
    let (first, second) = (RecorderDouble(), RecorderDouble())
    let recipe = try bench.recipe(data: bench.bars(60))
    #expect(throws: TrainingError.stopped) { try bench.run(recipe, steps: 7, recorder: first) }
    #expect(first.account.outcomes == [.cancelled] && first.account.metrics.allSatisfy { $0.epoch == 1 })
    _ = try bench.run(recipe, resumes: true, recorder: second)
    #expect(second.account.runs[0].tags == ["resumed_at_epoch": "1"])
    #expect(Set(second.account.metrics.map(\.epoch)) == [2, 3])
  }

  @Test("events come in order, and steps count through every epoch")
  func events() throws {
    let seen = Mutex<[String]>([])
    _ = try bench.run(bench.recipe(data: bench.bars(60))) { event in
      let line =
        switch event {
        case .started(let summary): "started \(summary.items)+\(summary.validationItems) epochs \(summary.epochs) from \(summary.firstEpoch)"
        case .step(let report): "step \(report.epoch).\(report.step)/\(report.steps)"
        case .epochFinished(let report): "epoch \(report.epoch)"
        case .stoppedEarly: "stopped early"
        case .finished: "finished"
        }
      seen.withLock { $0.append(line) }
    }
    let expected =
      ["started 44+16 epochs 3 from 1"] + (1...3).flatMap { epoch in (1...5).map { "step \(epoch).\($0)/5" } + ["epoch \(epoch)"] } + ["finished"]
    #expect(seen.withLock { $0 } == expected)
  }
}
