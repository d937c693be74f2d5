import Formats
import Foundation
import ModelFiles
import Registry
import Testing

@Suite("Data sets")
struct DatasetsTests {
  private let folder: TemporaryFolder
  private let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.path + "/store")
  }

  private func staged(_ text: String) throws -> StagedUpload {
    let upload = try store.stageUpload()
    try upload.write(Array(text.utf8))
    return upload
  }

  @discardableResult
  private func add(_ name: String, _ files: KeyValuePairs<String, String>, describe: String = "{}") throws -> (dataset: Dataset, isNew: Bool) {
    try store.addDataset(files.map { ($0, try staged($1)) }, as: name, actor: "tester") { _ in describe }
  }

  private var blobs: Int {
    get throws { try FileManager.default.subpathsOfDirectory(atPath: store.directory + "/blobs/sha256").count { $0.contains("/") } }
  }

  @Test("a data set has its files under their paths, by content, and is found again after the store was opened anew")
  func round() throws {
    let (dataset, isNew) = try add("wine", ["a.csv": "x,y\n1,2\n", "labels/b.csv": "z\n3\n"], describe: #"{"count":1}"#)
    #expect(isNew && dataset.files.map(\.path) == ["a.csv", "labels/b.csv"])
    #expect(dataset.files[0].digest == SHA256.digest(Array("x,y\n1,2\n".utf8)))
    #expect(try ModelStore(directory: store.directory).dataset(named: "wine") == dataset)
    let target = folder.path + "/out"
    try store.lay(out: dataset, in: target)
    #expect(FileManager.default.contents(atPath: target + "/labels/b.csv") == Data("z\n3\n".utf8))
  }

  @Test("the same files again are the data set that is there, other files are refused, and neither leaves anything behind")
  func again() throws {
    let first = try add("wine", ["a.csv": "1"]).dataset
    #expect(try add("wine", ["a.csv": "1"]) == (first, false))
    #expect(throws: StoreError.datasetTaken(name: "wine", digest: first.digest)) { try add("wine", ["a.csv": "2"]) }
    #expect(try blobs == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory + "/uploads").isEmpty)
  }

  @Test("what is wrong with the files leaves nothing behind")
  func refused() throws {
    struct Wrong: Error {}
    #expect(throws: Wrong.self) { try store.addDataset([("a.csv", try staged("1"))], as: "wine", actor: "tester") { _ in throw Wrong() } }
    for path in ["", "/a.csv", "../a.csv", "a/../b", "a//b", ".hidden", "a\\b", "a\u{1}b", String(repeating: "a", count: 201)] {
      #expect(throws: StoreError.self, "\(path)") { try store.addDataset([(path, try staged("1"))], as: "wine", actor: "tester") { _ in "{}" } }
    }
    #expect(throws: StoreError.self) { try add("wine", ["a.csv": "1", "a.csv": "2"]) }
    #expect(throws: StoreError.self) { try add("wine", ["a.csv": ""]) }
    #expect(throws: StoreError.self) { try add("Wine", ["a.csv": "1"]) }
    #expect(try store.datasets().isEmpty)
    #expect(try blobs == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.directory + "/uploads").isEmpty)
  }

  @Test("a data set that is deleted takes its bytes along, unless another has them or they are laid out")
  func deleted() throws {
    let dataset = try add("one", ["a.csv": "1"]).dataset
    try add("two", ["b.csv": "1"])
    try store.lay(out: dataset, in: folder.path + "/out")
    try store.deleteDataset("one", actor: "tester")
    #expect(try blobs == 1)
    try store.deleteDataset("two", actor: "tester")
    #expect(try blobs == 0)
    #expect(FileManager.default.contents(atPath: folder.path + "/out/a.csv") == Data("1".utf8))
    #expect(throws: StoreError.unknownDataset(name: "two", existing: [])) { try store.deleteDataset("two", actor: "tester") }
  }

  @Test("gc and check know the files of data sets and runs, and a backup has them")
  func kept() throws {
    try add("wine", ["a.csv": "1"])
    let description = RunDescription(
      kind: .impute, family: "stacking", configuration: "{}", seed: 1, build: BuildInformation(gitRevision: "r", compiler: "c", cpu: "p", blas: "b"))
    let run = try store.start(description, specification: #"{"kind":"impute"}"#, owner: "admin")
    try store.attach(staged("done"), as: "completed.csv", mediaType: "text/csv", to: run, expiresAt: nil)
    #expect(try store.collectGarbage().blobs.isEmpty)
    let check = try StoreCheck(directory: store.directory)
    #expect(check.isSound && check.findings.isEmpty, "\(check.findings)")
    _ = try StoreBackup.make(of: store.directory, in: folder.path + "/backup")
    _ = try StoreBackup.restore(folder.path + "/backup", to: folder.path + "/restored")
    let restored = try ModelStore(directory: folder.path + "/restored")
    try restored.lay(out: restored.dataset(named: "wine"), in: folder.path + "/again")
    #expect(FileManager.default.contents(atPath: folder.path + "/again/a.csv") == Data("1".utf8))
    #expect(try restored.job(of: run)?.owner == "admin")
  }

  @Test("files of runs may be deleted, and are gone with their bytes when their time is over")
  func expiry() throws {
    let description = RunDescription(
      kind: .impute, family: "stacking", configuration: "{}", seed: 1, build: BuildInformation(gitRevision: "r", compiler: "c", cpu: "p", blas: "b"))
    let run = try store.start(description, specification: "{}", owner: "admin")
    try store.attach(
      staged("old"), as: "old.csv", mediaType: "text/csv", to: run, expiresAt: Timestamp(milliseconds: Timestamp.now.milliseconds - 1000))
    try store.attach(
      staged("new"), as: "new.csv", mediaType: "text/csv", to: run, expiresAt: Timestamp(milliseconds: Timestamp.now.milliseconds + 60_000))
    #expect(try store.files(of: run).map(\.name) == ["new.csv"])
    try store.deleteExpiredFiles()
    #expect(try blobs == 1)
    let file = try #require(try store.files(of: run).first)
    #expect(try store.reading(file) { try String(contentsOfFile: $0, encoding: .utf8) } == "new")
    #expect(try store.deleteFiles(of: run, actor: "tester") == 1)
    #expect(try blobs == 0 && store.files(of: run).isEmpty)
  }

  @Test("a job whose process ended waits for the next one, other runs have failed")
  func adopted() throws {
    let build = BuildInformation(gitRevision: "r", compiler: "c", cpu: "p", blas: "b")
    let job: RunID
    let plain: RunID
    do {
      let first = try ModelStore(directory: folder.path + "/other")
      let description = RunDescription(kind: .train, family: "vae", configuration: "{}", seed: 1, build: build)
      job = try first.start(description, specification: "{}", owner: "admin")
      plain = try first.start(description)
    }
    let next = try ModelStore(directory: folder.path + "/other")
    #expect(try next.run(plain.description).status == .failed)
    #expect(try next.run(job.description).status == .running)
    #expect(try next.adoptRuns().map(\.id) == [job])
    #expect(try next.adoptRuns().isEmpty)
  }
}
