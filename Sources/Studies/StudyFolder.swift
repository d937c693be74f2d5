internal import Formats
internal import Foundation
internal import ModelFiles

/// Where a study lies on disk: its text, and a folder for each job.
///
///     STUDY/study.json           the study with its recipes, as the jobs read it
///     STUDY/JOB/model.safetensors, checkpoint, log.txt, result.json
///     STUDY/results.json, results.csv, seeds.csv, results.svg, and frontier.csv, frontier.svg where a recipe sweeps a field
package struct StudyFolder: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path.absolutePath }

  package var study: String { path + "/study.json" }
  package func folder(of job: String) -> String { path + "/" + job }
  package func model(of job: String) -> String { folder(of: job) + "/model.safetensors" }
  package func checkpoint(of job: String) -> String { folder(of: job) + "/checkpoint" }
  package func log(of job: String) -> String { folder(of: job) + "/log.txt" }
  package func result(of job: String) -> String { folder(of: job) + "/result.json" }

  /// What is known of a job.
  package enum State: Sendable {
    case open
    case done(JobResult)
    /// There is a result, but not that of this job: the reason in words.
    case outdated(String)
  }

  package func state(of job: StudyJob) -> State {
    guard let bytes = FileManager.default.contents(atPath: result(of: job.id)) else { return .open }
    do throws(JSONError) {
      let result = try StrictJSON.decode(JobResult.self, from: [UInt8](bytes))
      return result.digest == job.digest ? .done(result) : .outdated("its result is of another recipe, other data or other evaluations")
    } catch { return .outdated("its result can't be read: \(error.detail)") }
  }

  /// Writes a file in one piece: whoever reads it finds what was there before or the whole of this, also after a power cut.
  package func write(_ bytes: [UInt8], to file: String) throws { try ModelFile.write(bytes, to: file) }

  package func make(folderOf job: String) throws {
    try FileManager.default.createDirectory(atPath: folder(of: job), withIntermediateDirectories: true)
  }

  /// Removes a result that is not that of its job any more.
  package func forget(_ job: String) throws { try FileManager.default.removeItem(atPath: result(of: job)) }

  /// The last lines of what a job wrote.
  package func lastLines(of job: String, atMost count: Int = 5) -> [String] {
    guard let log = FileManager.default.contents(atPath: log(of: job)) else { return [] }
    return String(decoding: log.suffix(4000), as: UTF8.self).split(whereSeparator: \.isNewline).suffix(count).map(String.init)
  }
}
