import ArgumentParser
import Dispatch
import Families
import Formats
import Foundation
import Glibc
import Learning
import Locking
import ModelFiles
import Registry
import Service
import Tensors

/// The process of one job, which a server starts: nothing that people call.
///
/// It computes where nobody else wants to, in bounded memory, and ends when its server does: its standard input is a pipe of which only the server has
/// the other end. What it is asked to keep it keeps, and goes on from when it is started again.
struct WorkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "work", abstract: "Does a run that a server was asked for; servers start it.", shouldDisplay: false)

  @Argument(help: "The run's identifier.") var run: String
  @Option(help: "The store's folder.") var store: String
  @Option(help: "Threads.") var threads: Int
  @Option(help: "Bytes of memory that it may have.") var memory: Int

  func run() async throws {
    Self.giveWay(memory: memory)
    let interruption = Interruption(endsWithInput: true)
    guard let id = RunID(run) else { throw CommandError("\(run) is no run.") }
    var options = ModelStore.Options()
    options.clearsAway = false
    let store = try ModelStore(directory: store, options: options)
    let folder = store.workFolder(of: id)
    // A process of this run that is still ending holds it.
    let lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard lock >= 0, flock(lock, LOCK_EX) == 0 else { throw CommandError("\(folder) can't be used: \(String(cString: strerror(errno))).") }
    guard try store.run(run).status == .running else { return }
    guard let job = try store.job(of: id) else { throw CommandError("Run \(run) is no job.") }
    let recorder = JobRecorder(store: store, run: id, folder: folder)
    Parallelism.width = threads
    TrainingMemory.keepFreedBlocks()
    do {
      let asked = try StrictJSON.decode(JobRequest.self, from: Array(job.specification.utf8))
      try await Worker(asked: asked, recorder: recorder, interruption: interruption).work()
    } catch TrainingError.stopped {
      Foundation.exit(JobExit.stopped)
    } catch {
      do {
        guard try store.run(run).status == .running else { return }
        try recorder.fail(Problem(error)?.detail ?? "\(error)")
      } catch StoreError.diskFull { Foundation.exit(JobExit.diskFull) }
    }
  }

  /// Takes only what others leave of the processors, and no more memory than it may.
  private static func giveWay(memory: Int) {
    // SCHED_IDLE, which Glibc's overlay leaves out.
    var parameters = sched_param()
    _ = sched_setscheduler(0, 5, &parameters)
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
    var limit = rlimit(rlim_cur: rlim_t(memory), rlim_max: rlim_t(memory))
    _ = setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit)
  }
}
