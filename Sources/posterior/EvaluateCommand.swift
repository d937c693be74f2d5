import ArgumentParser
import Data
import Evaluation
import Formats
import Foundation
import ModelFiles
import Modelling
import Registry
import Service
import Tensors

/// `posterior evaluate FILE --data fashion-mnist`: the bounds of a model on a whole data set, how its clusters agree with classes, and its modes.
struct EvaluateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure a model on a data set: bounds of its log-likelihood, how its clusters agree with classes, and which modes its samples reach.",
    discussion: """
      Bounds: ELBO, IWAE and bits per dimension, with standard errors; of texts, whose likelihood is exact, nats and bits per character, a long text being \
      cut into texts of the model's greatest length. With --masks, for models that inpaint images: the log-likelihood of the hidden \
      pixels given the others.

      Clusters, of models that have some and data whose classes are known: accuracy under the majority map and the Hungarian one, Cohen's kappa, NMI and \
      ARI of every layer. What a cluster is taken for is fitted on other items than the evaluated ones (--fit-data, the training split of a named data \
      set): those numbers are called train_map; test_map is fitted on the evaluated items, as most papers do. The run keeps the confusion tables, and \
      pictures of the clusters where items are images.

      Codes, with --probe: the accuracy of logistic regression from codes to classes, fitted on other items than it is tested on (--fit-data, the training \
      split of a named data set). Its penalty is half the squared weights over the number of items; features are standardised.

      Modes, of models that sample and data whose modes are known (ring): a sample within three standard deviations of its nearest mode is of high \
      quality, and a mode is covered where at least one such sample is nearest to it (Srivastava et al. 2017, VEEGAN). The samples are those of \
      posterior sample under the same seed; the run keeps their counts as modes.json.
      """)

  @Argument(help: "A model file; or name, name@3 or name@alias in the store, with --store or where no such file exists.", completion: .file())
  var model: String
  @Option(help: "A data set's name (fashion-mnist, ring, sprites), an IDX, CSV, NPY or text file, or a folder of PNGs.") var data: String
  @Option(help: "Of a file, where its name doesn't tell: csv, idx, npy, text (one long text), lines (one text a line).")
  var dataFormat: DataSource.Format?
  @Option(help: "Of a named data set: train or test.") var split: DataSource.Split = .test
  @Option(help: "At most so many items, from the first.") var limit: Int?
  @Option(help: "Draws of the importance-weighted bound; 0 measures no bounds.") var k: Int = 100
  @Option(help: "Samples whose modes are counted, of data whose modes are known.") var samples: Int = JobRequest.standardSamples
  @Option(
    help: "Classes of the items: an IDX or NPY file, or FILE.csv#COLUMN, or #COLUMN of the data's own CSV. Named data sets know theirs.",
    completion: .file())
  var labels: LabelSource?
  @Flag(help: "Reads the classes off the codes by logistic regression that is fitted on --fit-data.") var probe = false
  @Option(
    help: "What the map of clusters to classes, or a probe, is fitted on. (default: the training split of a named data set)", completion: .file())
  var fitData: String?
  @Option(help: "Classes of the items of --fit-data.", completion: .file()) var fitLabels: LabelSource?
  @Option(help: "At most so many items of --fit-data, from the first.") var fitLimit: Int?
  @Flag(help: "Fits the map on the evaluated items alone: every accuracy is a test_map.") var noFitData = false
  @Option(
    help:
      "Where to write the picture of the clusters, a row a cluster: the mean of the cluster, then its surest items; with -0, -1, ... for several layers.",
    completion: .file())
  var grid: String?
  @Option(help: "What to hide of every image: \(PixelMask.grammar).") var masks: PixelMask?
  @Option(help: "Of the noise.") var seed: UInt64 = 0
  @Option(help: "Threads. Default: one a core. The result does not depend on it.") var threads: Int?
  @Flag(help: "Leaves no record of the run in the store.") var noRecord = false
  @OptionGroup(title: "Reading tables") var reading: SettingArguments<TableOptions>
  @OptionGroup var store: StoreArguments

  func validate() throws {
    guard k >= 0 else { throw ValidationError("--k is \(k), expected 0 or more") }
    guard (1...10_000_000).contains(samples) else { throw ValidationError("--samples is \(samples), expected 1 to 10000000") }
    guard masks == nil || k > 0 else { throw ValidationError("--k is 0, expected 1 or more with --masks") }
    if noFitData, probe { throw ValidationError("--probe and --no-fit-data contradict each other: a probe is fitted on other items") }
    if noFitData, fitData != nil { throw ValidationError("--fit-data and --no-fit-data contradict each other") }
    if fitData == nil, fitLabels != nil || (fitLimit != nil && NamedDataSet.named(data) == nil) {
      throw ValidationError("--fit-labels and --fit-limit are about --fit-data: name it")
    }
  }

  func run() async throws {
    try await reporting {
      Parallelism.width = threads ?? ProcessInfo.processInfo.activeProcessorCount
      try evaluate(recorder: nil)
    }
  }

  /// - Parameters:
  ///   - recorder: who writes down what is measured; nil: the store, where a record is wanted.
  ///   - known: the store behind such a recorder, which may know the model's training.
  func evaluate(recorder: (any RunRecorder)?, in known: ModelStore? = nil) throws {
    try store.reading(model) { try evaluate($0, $1, recorder, known) }
  }

  /// - Parameter version: of the store, where it holds the file.
  private func evaluate(_ model: String, _ version: ModelVersion?, _ given: (any RunRecorder)?, _ known: ModelStore?) throws {
    let reading = try reading.values()
    let items = EvaluationData(data, split: split, limit: limit, labels: labels, format: dataFormat, reading: reading)
    let task = EvaluationTask(items, fit: try fit(for: items), draws: k, samples: samples, seed: seed, mask: masks, probes: probe)
    let subject = try task.load(modelFile: model)
    if grid != nil, subject.items.labels == nil || subject.items.signature.space.picture == nil {
      throw CommandError("--grid shows clusters of images: the model has none, the items are no images, or their classes are not known (--labels)")
    }
    let store = noRecord || given != nil ? known : try store.open()
    let recorder: (any RunRecorder)? = given ?? store
    let run = try recorder?.start(
      .evaluation(
        of: model, version, family: type(of: subject.model).name, parameters: task.parameters(modelFile: model, subject: subject), seed: seed,
        data: subject.items.digest, in: store))
    do {
      let (findings, documents) = try task.evaluate(subject) { Self.show("\($0)/\(subject.items.count)") }
      Self.show("")
      if let run, let recorder {
        try recorder.record(findings.metrics, in: run)
        for document in documents { try recorder.attach(document.name, mediaType: document.mediaType, bytes: document.bytes, to: run) }
        try recorder.finish(run, .finished(output: findings.digest))
      }
      try writeGrids(documents)
      let (count, space) = (subject.items.count, subject.items.signature.space)
      let items = space.tokens == nil ? "\(count) items of \(space.width) numbers" : "\(count) texts of at most \(space.width) characters"
      print("\(subject.items.name): \(items), seed \(seed)")
      for line in findings.lines { print(line) }
      if let run, store != nil, !documents.isEmpty { print("run \(run) keeps \(documents.map(\.name).joined(separator: ", "))") }
    } catch {
      // The error of the evaluation is the one to tell; a run that has ended already stays as it is.
      if let run, try store?.run(run.description).status == .running { try store?.finish(run, .failed("\(error)")) }
      throw error
    }
  }

  /// What a map of clusters to classes is fitted on; nil for the evaluated items alone, and where there are no classes.
  private func fit(for items: EvaluationData) throws -> EvaluationData? {
    if let fitData {
      let fit = EvaluationData(fitData, split: .train, limit: fitLimit, labels: fitLabels, reading: items.reading)
      guard fit.hasLabels else { throw CommandError("--fit-labels is missing: it says where the classes of \(fitData) stand") }
      return fit
    }
    guard items.hasLabels, !noFitData else { return nil }
    if items.isNamed { return EvaluationData(data, split: .train, limit: fitLimit, labels: nil) }
    if probe { return nil }
    throw CommandError(
      "What is a cluster taken for? Name other items with known classes to fit that on (--fit-data, --fit-labels), or fit it on the evaluated items "
        + "with --no-fit-data, as most papers do; such numbers are too high.")
  }

  private func writeGrids(_ documents: [FindingsDocument]) throws {
    guard let grid else { return }
    let pictures = documents.filter { $0.mediaType == "image/png" }
    for (layer, picture) in pictures.enumerated() {
      let url = grid.fileURL
      let name = url.deletingPathExtension().lastPathComponent + "-\(layer)." + (url.pathExtension.isEmpty ? "png" : url.pathExtension)
      let file = try OutputFile(pictures.count == 1 ? grid : url.deletingLastPathComponent().appendingPathComponent(name).path)
      try file.write(picture.bytes)
      try file.finish()
    }
  }

  /// On a terminal, in place of what was shown before.
  private static func show(_ text: String) {
    if isatty(STDERR_FILENO) == 1 { FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8)) }
  }
}

extension DataSource.Split: ExpressibleByArgument {}
extension DataSource.Format: ExpressibleByArgument {}

extension PixelMask: ExpressibleByArgument {
  public init?(argument: String) {
    guard let mask = try? PixelMask(argument) else { return nil }
    self = mask
  }
}
