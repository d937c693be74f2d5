import Formats
import Foundation
import Service
import Studies

/// Starts the jobs of a study, so many at a time, and waits for them; what it knows is in the folder, so that another one goes on where it ends.
struct StudyScheduler {
  private let plan: StudyPlan
  private let folder: StudyFolder
  private let slots: Int
  private let threads: Int
  private let template: CommandTemplate?
  /// Arguments that say where models are trained and runs recorded.
  private let placing: [String]

  init(_ plan: StudyPlan, _ folder: StudyFolder, slots: Int, threads: Int, template: CommandTemplate?, placing: [String]) {
    (self.plan, self.folder, self.slots, self.threads) = (plan, folder, slots, threads)
    (self.template, self.placing) = (template, placing)
  }

  private struct Running {
    let job: StudyJob
    let slot: Int
    let process: ChildProcess
  }

  /// - Returns: why jobs have no result, by their names.
  func run() async throws -> [String: String] {
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
    guard let lock = try FileLock(folder.path + "/.lock") else {
      throw CommandError("Another posterior study works in \(folder.path): wait until it has ended, or name another --folder.")
    }
    defer { withExtendedLifetime(lock) {} }
    var waiting = try open()[...]
    // Jobs read this text, whatever becomes of the file that it was read from.
    try folder.write(Array(plan.study.text.utf8), to: folder.study)

    let interruption = Interruption()
    var (running, free, isStopping, reasons): ([Running], [Int], Bool, [String: String]) = ([], Array(1...slots), false, [:])
    while !running.isEmpty || (!waiting.isEmpty && !interruption.isRequested) {
      while !interruption.isRequested, !free.isEmpty, let job = waiting.popFirst() {
        let slot = free.removeFirst()
        running.append(Running(job: job, slot: slot, process: try start(job, slot)))
      }
      if interruption.isRequested, !isStopping {
        isStopping = true
        CommandError.note("stopping: trainings save their checkpoints")
        for entry in running { entry.process.sendToGroup(SIGTERM) }
      }
      for (index, entry) in running.enumerated().reversed() {
        guard let ending = entry.process.ended() else { continue }
        running.remove(at: index)
        free.append(entry.slot)
        free.sort()
        reasons[entry.job.id] = reason(entry.job, ending)
      }
      // Between two looks at processes and at Ctrl-C; jobs take seconds at the least.
      try await Task.sleep(for: .milliseconds(50))
    }
    if interruption.isRequested { throw CommandError("Stopped; the same command goes on.") }
    return reasons
  }

  /// The jobs that are to be done.
  private func open() throws -> [StudyJob] {
    let jobs = plan.jobs.filter { job in
      switch folder.state(of: job) {
      case .done: return false
      case .open: return true
      case .outdated(let reason):
        CommandError.note("\(job.id): \(reason); it is done anew")
        return true
      }
    }
    CommandError.note(
      "\(plan.jobs.count) jobs, \(plan.jobs.count - jobs.count) of them done, \(min(slots, max(jobs.count, 1))) at a time, in \(folder.path)")
    return jobs
  }

  private func start(_ job: StudyJob, _ slot: Int) throws -> ChildProcess {
    try folder.make(folderOf: job.id)
    let words =
      ["/proc/self/exe".resolvingLinks, "study", folder.study, "--folder", folder.path, "--job", job.id, "--threads", "\(threads)"] + placing
    let command = template.map { ["/bin/sh", "-c", $0.command(words, id: job.id, threads: threads, slot: slot)] } ?? words
    CommandError.note("\(job.id): started")
    return try ChildProcess(command, log: folder.log(of: job.id))
  }

  /// Why a job that has ended has no result; nil where it has one.
  private func reason(_ job: StudyJob, _ ending: ChildProcess.Ending) -> String? {
    if case .done(let result) = folder.state(of: job) {
      CommandError.note("\(job.id): done\(result.isAdopted ? ", its model was there" : ""), \(Int(result.seconds.rounded())) s")
      return nil
    }
    let words =
      switch ending {
      case .exit(0): "its command ended well, but there is no result in \(folder.folder(of: job.id))"
      case .exit(let code): "exit code \(code)"
      case .signal(let number): "ended by signal \(number)"
      }
    let reason = ([words] + folder.lastLines(of: job.id)).joined(separator: "\n")
    CommandError.note("\(job.id): failed, \(reason.split(separator: "\n").joined(separator: "\n    "))")
    return reason
  }
}
