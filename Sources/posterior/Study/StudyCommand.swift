import ArgumentParser
import Formats
import Foundation
import Modelling
import Registry
import Service
import Studies

/// `posterior study FILE`: trains and evaluates what a study combines, and tabulates it.
struct StudyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study", abstract: "Train and evaluate recipes, data and seeds in all combinations, from one file, and tabulate them.",
    discussion: """
      A job trains one recipe on one data set with one seed and evaluates the model. Jobs are processes of their own, here or wherever --command \
      starts them; the folder of the study has to be the same for all of them. A study that was interrupted in whatever way goes on when it is called \
      again: results that are there are kept, a training goes on from its checkpoint, and a model that was put into its job's folder, and was trained \
      from this very recipe with this seed, is only evaluated. With --server that server does the trainings, and jobs evaluate here what it has learnt.

      At the end: means, standard deviations and 95 % intervals over the seeds, on standard output and as results.json, results.csv, seeds.csv and \
      results.svg in the folder; of a study that sweeps a field also frontier.csv and frontier.svg, rate beside distortion.
      """)

  @Argument(help: "A study in JSON; see deploy/studies.", completion: .file()) var file: String
  @Option(help: "Where jobs keep their files. (default: NAME.study)", completion: .directory) var folder: String?
  @Option(help: "Jobs at a time. (default: the cores of this machine over --threads)") var jobs: Int?
  @Option(help: "Threads of each job. The result does not depend on it.") var threads: Int = 1
  @Option(help: ArgumentHelp("A shell command that starts a job, such as srun -n1 -c{threads} {job}: \(CommandTemplate.grammar).")) var command:
    String?
  @Option(help: "Does this one job in this process, and no table: its name as --list prints it.") var job: String?
  @Flag(help: "Lists the jobs and what has become of them, and does none.") var list = false
  @Flag(help: "Tabulates the results that are there, and does no job.") var report = false
  @Flag(help: "Prints the results as JSON.") var json = false
  @Flag(help: "Prints the table as CSV.") var csv = false
  @Flag(help: "Leaves no record of trainings and evaluations in the store.") var noRecord = false
  @OptionGroup var registry: RegistryArguments

  func validate() throws {
    guard (1...1024).contains(threads) else { throw ValidationError("--threads is \(threads), expected 1 to 1024") }
    if let jobs, !(1...10_000).contains(jobs) { throw ValidationError("--jobs is \(jobs), expected 1 to 10000") }
    guard [list, report, job != nil].count(where: { $0 }) <= 1 else { throw ValidationError("--list, --report and --job contradict each other") }
    guard !(json && csv) else { throw ValidationError("--json and --csv contradict each other") }
    if list || job != nil, json || csv { throw ValidationError("--json and --csv are for the table: leave out --list and --job") }
    if list || report || job != nil, command != nil || jobs != nil {
      throw ValidationError("--command and --jobs say how all jobs are done: leave out --list, --report and --job")
    }
  }

  func run() async throws {
    try await reporting {
      let plan = try StudyPlan(try Study(file: file))
      let folder = StudyFolder(folder ?? "\(plan.study.name).study")
      if let job {
        let task = StudyTask(
          try named(job, in: plan), plan.study, folder, threads: threads, store: noRecord ? nil : registry.store, server: try server)
        return try await task.perform()
      }
      if list { return show(plan, folder) }
      let reasons = report ? [:] : try await run(plan, folder)
      try tabulate(plan, folder, reasons)
    }
  }

  /// Where models are trained; nil: in their jobs. $POSTERIOR_SERVER alone moves no training, as with `posterior train`.
  private var server: ServerConnection? { get throws { registry.server == nil ? nil : try registry.requireServer() } }

  /// What jobs are told of where to train and to record; keys stay out of the arguments of commands.
  private var placing: [String] {
    let recording = noRecord ? ["--no-record"] : registry.store.given.map { ["--store", $0.absolutePath] } ?? []
    let serving = registry.server.map { ["--server", $0] } ?? []
    return recording + serving + (registry.ca.map { ["--ca", $0.absolutePath] } ?? [])
  }

  private func named(_ id: String, in plan: StudyPlan) throws -> StudyJob {
    if let job = plan[id] { return job }
    let meant = EditDistance.closest(to: id, among: plan.jobs.map(\.id)).map { "; did you mean \($0)?" } ?? ""
    throw CommandError("\(id) is no job of the study \(plan.study.name): --list prints their names\(meant)")
  }

  private func show(_ plan: StudyPlan, _ folder: StudyFolder) {
    for job in plan.jobs {
      switch folder.state(of: job) {
      case .open: print("\(job.id)\topen")
      case .done: print("\(job.id)\tdone")
      case .outdated: print("\(job.id)\toutdated")
      }
    }
  }

  /// - Returns: why jobs have no result, by their names.
  private func run(_ plan: StudyPlan, _ folder: StudyFolder) async throws -> [String: String] {
    let template = try command.map { text throws(Fault) in try CommandTemplate(text) }
    for job in plan.jobs { try StudyTask.check(job.evaluations) }
    let slots = jobs ?? max(ProcessInfo.processInfo.activeProcessorCount / threads, 1)
    if let key = registry.key { setenv("POSTERIOR_KEY", key, 1) }
    return try await StudyScheduler(plan, folder, slots: slots, threads: threads, template: template, placing: placing).run()
  }

  private func tabulate(_ plan: StudyPlan, _ folder: StudyFolder, _ reasons: [String: String]) throws {
    var (results, missing): ([String: JobResult], [StudyReport.Failure]) = ([:], [])
    for job in plan.jobs {
      switch folder.state(of: job) {
      case .done(let result): results[job.id] = result
      case .open: missing.append(.init(job: job.id, reason: reasons[job.id] ?? "not done yet"))
      case .outdated(let reason): missing.append(.init(job: job.id, reason: reasons[job.id] ?? reason))
      }
    }
    let report = StudyReport(plan, results: results, missing: missing)
    if !results.isEmpty {
      try folder.write(Array((report.json.indented() + "\n").utf8), to: folder.path + "/results.json")
      try folder.write(report.csv, to: folder.path + "/results.csv")
      try folder.write(report.seedsCSV, to: folder.path + "/seeds.csv")
      try folder.write(Array(report.svg.utf8), to: folder.path + "/results.svg")
      if let frontier = RateDistortion(report) {
        try folder.write(frontier.csv, to: folder.path + "/frontier.csv")
        try folder.write(Array(frontier.svg.utf8), to: folder.path + "/frontier.svg")
      }
    }
    if json {
      print(report.json.indented())
    } else if csv {
      print(String(decoding: report.csv, as: UTF8.self), terminator: "")
    } else {
      for line in StudyTable(report).lines { print(line) }
    }
    if !missing.isEmpty { throw ExitCode.failure }
  }
}
