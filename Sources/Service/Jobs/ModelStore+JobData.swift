internal import Foundation
internal import Formats
internal import ModelFiles
package import Registry

extension ModelStore {
  /// Lays out the data of a job where it reads them, unless they lie there: of one that is done again, or whose store came from a backup.
  ///
  /// - Throws: a `Problem` where the data set was replaced; `StoreError.unknownDataset` where it was deleted.
  package func layOutData(of run: Run) throws {
    guard let job = try job(of: run.id) else { return }
    let folder = "\(workFolder(of: run.id))/data"
    guard !FileManager.default.fileExists(atPath: folder) else { return }
    let asked = try StrictJSON.decode(JobRequest.self, from: Array(job.specification.utf8))
    for (name, place) in [(asked.dataset, JobFolders.main), (asked.fitDataset, JobFolders.fit)] {
      guard let name, let dataset = try JobPlan.dataset(name, in: self) else { continue }
      if place == JobFolders.main, let digest = run.description.parameters["dataset_digest"], digest != dataset.digest.description {
        throw Problem(.conflict, "The data of run \(run.id) are gone: \(name) is \(dataset.digest) now, and was \(digest).")
      }
      try lay(out: dataset, in: "\(folder)/\(place)")
    }
  }
}
