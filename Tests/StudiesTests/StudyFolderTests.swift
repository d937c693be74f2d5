import Formats
import Foundation
import ModelFiles
import Studies
import TemporaryFolders
import Testing

/// A result as if a job had been done.
func result(of job: StudyJob, model: String = "model", _ metrics: [(String, Double?)]) -> JobResult {
  JobResult(
    of: job, model: SHA256.digest(Array(model.utf8)), data: nil, isAdopted: false, runs: [],
    metrics: metrics.map { .init(name: $0.0, value: $0.1) }, seconds: 1.5, processorSeconds: 1,
    build: BuildInformation(gitRevision: "", compiler: "", cpu: "", blas: ""))
}

@Suite("The folder of a study")
struct StudyFolderTests {
  @Test("keeps the result of a job, and says so of a result that is that of another")
  func results() throws {
    let place = try TemporaryFolder()
    let folder = StudyFolder(place.path)
    let job = try StudyExample.plan().jobs[0]
    guard case .open = folder.state(of: job) else { return #expect(Bool(false), "a job without a result is open") }
    let found = result(of: job, [("elbo_nats", -1.25), ("diverged", nil)])
    try folder.make(folderOf: job.id)
    try folder.write(Array(found.text.utf8), to: folder.result(of: job.id))
    guard case .done(let read) = folder.state(of: job) else { return #expect(Bool(false), "\(folder.state(of: job))") }
    #expect(read == found)
    let changed = try StudyExample.plan(StudyExample.text(evaluations: #"[{"data": "ring", "k": 3}]"#)).jobs[0]
    #expect(changed.id == job.id)
    guard case .outdated(let reason) = folder.state(of: changed) else { return #expect(Bool(false), "\(folder.state(of: changed))") }
    #expect(reason.contains("evaluations"))
  }

  @Test("takes half a result for none")
  func torn() throws {
    let place = try TemporaryFolder()
    let folder = StudyFolder(place.path)
    let job = try StudyExample.plan().jobs[0]
    try folder.make(folderOf: job.id)
    let text = result(of: job, [("elbo_nats", 1)]).text
    try folder.write(Array(text.utf8.prefix(text.utf8.count / 2)), to: folder.result(of: job.id))
    guard case .outdated(let reason) = folder.state(of: job) else { return #expect(Bool(false), "\(folder.state(of: job))") }
    #expect(reason.contains("can't be read"))
  }

  @Test("is locked by one at a time, and free again afterwards")
  func lock() throws {
    let place = try TemporaryFolder()
    var first = try FileLock(place.path + "/.lock")
    #expect(first != nil)
    #expect(try FileLock(place.path + "/.lock") == nil)
    first = nil
    #expect(try FileLock(place.path + "/.lock") != nil)
    #expect(throws: FileLock.Failure.self) { try FileLock(place.path + "/none/.lock") }
  }
}

@Suite("A command that starts jobs")
struct CommandTemplateTests {
  private let words = ["/opt/posterior", "study", "a b's.json", "--job", "x.1"]

  @Test("gets the job as words, or as one word for programs that take a command so, and its name, threads and slot")
  func filled() throws {
    let quoted = #"/opt/posterior study 'a b'\''s.json' --job x.1"#
    #expect(try CommandTemplate("srun -c{threads} -J {id} {job}").command(words, id: "x.1", threads: 4, slot: 2) == "srun -c4 -J x.1 " + quoted)
    let command = try CommandTemplate("ssh node{slot} {script}; echo {job} ${HOME} {} {").command(words, id: "x.1", threads: 4, slot: 2)
    #expect(command.hasPrefix("ssh node2 '") && command.hasSuffix(quoted + " ${HOME} {} {"))
  }

  @Test("means the same to a shell, also through a second one")
  func shell() throws {
    for template in ["printf '%s|' {job}", "sh -c {script}"] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      let words = template.contains("{script}") ? ["printf", "%s|"] + self.words : self.words
      process.arguments = ["-c", try CommandTemplate(template).command(words, id: "", threads: 1, slot: 1)]
      let pipe = Pipe()
      process.standardOutput = pipe
      try process.run()
      let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(text == self.words.map { $0 + "|" }.joined())
    }
  }

  @Test("without a place for the job is refused")
  func refused() { #expect(throws: (any Error).self) { try CommandTemplate("srun posterior") } }
}
