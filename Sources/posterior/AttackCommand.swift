import ArgumentParser
import Data
import Formats
import Foundation
import ModelFiles
import Modelling
import Registry
import Robustness
import Service
import Tensors

/// `posterior attack vae.safetensors --data fashion-mnist`: the audit of `POST /v1/models/{model}/robustness` without a server.
struct AttackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attack", abstract: AuditRequest.summary,
    discussion: """
      Items are drawn from the data by the seed; the same model, data, options and seed give the same report, here and over HTTP. With --output a folder gets report.json, \
      report.csv, curves.png and, for images, grid.png: item, perturbed item, both reconstructions, target. Budgets are in model units: images in [0, 1].
      """)

  @Argument(help: "A model file; or name, name@3 or name@alias in the store, with --store or where no such file exists.", completion: .file())
  var model: String
  @Option(help: "A data set's name (fashion-mnist), an IDX, CSV or NPY file, or a folder of PNGs.") var data: String
  @Option(help: "Of a named data set: train or test.") var split: DataSource.Split = .test
  @Option(help: "How many items, drawn by the seed.") var items = 100
  @Option(
    help:
      "Leaves out so many of those that are drawn: the rest of a whole of --first-item and --items together, each with the result that it has there.")
  var firstItem = 0
  @Option(help: "What each item should be taken for: a data set of one target, or as many as items. (default: other items)") var targets: String?
  @Option(
    help: ArgumentHelp(
      "The items' true classes, for the objective downstream: FILE (IDX, NPY), FILE.csv#COLUMN or #COLUMN. (default: those of a named data set, else the model's own decisions)",
      valueName: "file"))
  var labels: LabelSource?
  @OptionGroup var attack: SettingArguments<AuditPlan>
  @Option(help: "Chooses items, targets and all random numbers, 0 ... 2^63 - 1. (default: drawn)") var seed: Int?
  @Option(name: .shortAndLong, help: "A folder for report.json, report.csv and pictures, made where there is none.", completion: .directory)
  var output: String?
  @Option(help: "Threads. Default: one a core. The result does not depend on it.") var threads: Int?
  @Flag(help: "The whole report as JSON on standard output.") var json = false
  @Flag(help: "Leaves no record of the run in the store.") var noRecord = false
  @OptionGroup(title: "Reading tables") var reading: SettingArguments<TableOptions>
  @OptionGroup var store: StoreArguments

  func run() async throws { try await reporting(audit) }

  private func audit() throws {
    guard items > 0 else { throw CommandError("--items is \(items), expected 1 or more.") }
    guard firstItem >= 0 else { throw CommandError("--first-item is \(firstItem), expected 0 or more.") }
    Parallelism.width = threads ?? ProcessInfo.processInfo.activeProcessorCount
    let model = try store.load(model)
    let seed = seed ?? Receipt.drawnSeed
    let task = AuditTask(
      model: model, plan: try attack.values(), source: data, split: split, items: items, firstItem: firstItem, targets: targets, labels: labels,
      reading: try reading.values(), seed: seed)
    let (request, name) = try task.request()
    let recorder = noRecord ? nil : try store.open()
    let run = try recorder.map { try request.start(in: $0, keepingInput: false, data: name) }
    do {
      let display = AuditDisplay()
      let progress = AuditProgress(of: request.audit.evaluations, every: .milliseconds(200)) { display.show($0) }
      let answer = try request.perform(batch: Audit.largestBatch) { try progress.add($0) }
      display.finish()
      if let output { try write(answer, to: output) }
      if let run, let recorder {
        // Only now: a run that keeps its items would be gone on with by a server, should this process end before it.
        for document in request.kept.reversed() { try recorder.attach(document.name, mediaType: document.type.name, bytes: document.bytes, to: run) }
        try answer.finish(run, in: recorder, seconds: progress.seconds)
      }
      if json { return print(String(decoding: answer.document.text, as: UTF8.self)) }
      AuditText(answer.report).print()
      print(
        "seed \(seed), \(request.audit.count) items of \(name), \(String(format: "%.1f", progress.seconds)) s"
          + (run.map { ", run \($0)" } ?? ""))
    } catch {
      if let run, let recorder { try recorder.finish(run, .failed(Problem(error)?.detail ?? "\(error)")) }
      throw error
    }
  }

  private func write(_ answer: AuditAnswer, to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, _, bytes) in try answer.documents() {
      let file = try OutputFile(folder + "/" + name)
      try file.write(bytes)
      try file.finish()
    }
  }
}
