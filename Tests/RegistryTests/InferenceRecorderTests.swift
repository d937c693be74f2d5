import Formats
import Foundation
import ModelFiles
import Registry
import Testing

@Suite("Recorded inference")
struct InferenceRecorderTests {
  let folder: TemporaryFolder
  let store: ModelStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
  }

  private func recorder(_ change: (inout InferenceRecorder.Options) -> Void = { _ in }) -> InferenceRecorder {
    var options = InferenceRecorder.Options()
    // Only a flush commits, so that nothing depends on the clock.
    options.linger = .seconds(1000)
    change(&options)
    return InferenceRecorder(store: store, options: options)
  }

  @Test("a record comes back as a run of kind inference, in lists and by its identifier")
  func roundTrip() throws {
    let recorder = recorder()
    let record = InferenceRecord.example(body: [1, 2, 3])
    #expect(recorder.record(record))
    #expect(throws: StoreError.unknownRun(id: record.id.description)) { try store.run(record.id.description) }
    recorder.flush()
    let run = try store.run(record.id.description)
    #expect(try store.runs().items == [run])
    #expect(run.description.kind == .inference && run.status == .finished && run.seed == 7 && run.startedAt == record.id.startedAt)
    #expect(run.description.model == "m" && run.description.version == 2 && run.description.modelDigest == record.digest)
    #expect(run.description.parameters == ["n": "3", "mean": "true", "name": "a 'b'"])
    #expect(run.description.build == record.build && run.outputDigest == record.output?.digest)
    let facts = try #require(run.inference)
    #expect(facts.operation == "sample" && facts.httpStatus == 200 && facts.microseconds == 1500 && facts.options == record.options)
    #expect(facts.inputDigest == record.input?.digest && facts.inputType == "application/json" && facts.keepsInput)
    #expect(try store.input(of: record.id) == [1, 2, 3])
    #expect(try store.metrics(of: record.id).isEmpty && store.latestMetrics(of: record.id).isEmpty)
    #expect(recorder.counters.recorded == 1 && recorder.counters.commits == 1 && recorder.counters.waiting == 0)
  }

  @Test("a refused request is a failed run, without what was not known of it")
  func refused() throws {
    let recorder = recorder()
    let record = InferenceRecord.example(status: 422, failure: "n is 0")
    _ = recorder.record(record)
    recorder.flush()
    let run = try store.run(record.id.description)
    #expect(run.status == .failed && run.failure == "n is 0" && run.seed == nil && run.outputDigest == nil && run.inference?.options == nil)
    #expect(try store.runs(RunFilter(status: .failed)).items.map(\.id) == [record.id])
    #expect(try store.runs(RunFilter(status: .finished)).items.isEmpty)
    #expect(try store.runs(RunFilter(status: .running)).items.isEmpty)
  }

  @Test("everything that waits is one transaction")
  func groupCommit() throws {
    let recorder = recorder()
    for _ in 0..<1000 { #expect(recorder.record(.example())) }
    #expect(recorder.counters.waiting == 1000)
    recorder.flush()
    let counters = recorder.counters
    #expect(counters.recorded == 1000 && counters.dropped == 0 && counters.commits == 1 && counters.waiting == 0)
    #expect(try store.fetch("SELECT records FROM inference_totals") == ["1000"])
    recorder.flush()
    #expect(recorder.counters.commits == 1)
  }

  @Test("a full queue drops and counts, and takes records again when it has been emptied")
  func full() throws {
    // Above a quarter the writer is hurried, so the bound is tried by one record that is larger than all of it.
    let recorder = recorder { $0.queueBytes = 4000 }
    #expect(!recorder.record(.example(body: [UInt8](repeating: 0, count: 4000))))
    #expect(recorder.counters.dropped == 1 && recorder.counters.waiting == 0)
    #expect(recorder.record(.example()))
    recorder.flush()
    #expect(recorder.counters.recorded == 1 && recorder.counters.dropped == 1)
  }

  @Test("a store that can't be written drops records and goes on when it can")
  func failing() throws {
    let recorder = recorder()
    _ = recorder.record(.example())
    try store.execute("ALTER TABLE inferences RENAME TO elsewhere")
    recorder.flush()
    #expect(recorder.counters.dropped == 1 && recorder.counters.recorded == 0)
    try store.execute("ALTER TABLE elsewhere RENAME TO inferences")
    _ = recorder.record(.example())
    recorder.flush()
    #expect(recorder.counters.dropped == 1 && recorder.counters.recorded == 1)
  }

  @Test("a record that the schema refuses takes no other with it")
  func oneBad() throws {
    let recorder = recorder()
    let good = InferenceRecord.example()
    _ = recorder.record(good)
    _ = recorder.record(.example(status: 99))
    _ = recorder.record(good)  // the same identifier twice
    recorder.flush()
    #expect(recorder.counters.recorded == 1 && recorder.counters.dropped == 2)
    #expect(try store.runs().items.map(\.id) == [good.id])
  }

  @Test("beyond the limit the oldest records go with their inputs, and no run of another kind does")
  func retention() throws {
    let kept = try store.start(.example)
    let recorder = recorder { $0.retention = 10 }
    var ids: [RunID] = []
    for _ in 0..<5 {
      for _ in 0..<7 {
        let record = InferenceRecord.example(body: [1])
        ids.append(record.id)
        _ = recorder.record(record)
      }
      recorder.flush()
    }
    #expect(try store.runs(RunFilter(kind: .inference), order: .oldestFirst).items.map(\.id) == Array(ids.suffix(10)))
    #expect(try store.fetch("SELECT count(*) FROM inference_inputs") == ["10"])
    #expect(try store.fetch("SELECT records FROM inference_totals") == ["10"])
    #expect(try store.run(kept.description).status == .running)
  }

  @Test("a limit that was lowered is reached in small steps")
  func loweredLimit() throws {
    _ = try store.append((0..<500).map { _ in .example() }, retention: 1000)
    _ = try store.append([.example()], retention: 100)
    #expect(try store.fetch("SELECT records FROM inference_totals") == ["399"])
  }

  @Test("many threads record at once and nothing is lost or counted twice")
  func concurrent() throws {
    let recorder = recorder { $0.linger = .milliseconds(1) }
    let errors = atOnce(4) { _ in for _ in 0..<500 { _ = recorder.record(.example()) } }
    recorder.flush()
    #expect(errors.isEmpty)
    let counters = recorder.counters
    #expect(counters.recorded == 2000 && counters.dropped == 0 && counters.commits >= 1 && counters.waiting == 0)
    #expect(try store.fetch("SELECT count(*) FROM inferences") == ["2000"])
  }

  @Test(
    "the policy decides what is wanted, and the client may ask for more but not against none",
    arguments: [(.none, false, false, false), (.errors, false, true, true), (.all, true, true, true)]
      as [(InferenceRecorder.Policy, Bool, Bool, Bool)])
  func policies(_ policy: InferenceRecorder.Policy, _ success: Bool, _ failure: Bool, _ asked: Bool) {
    let recorder = recorder { $0.policy = policy }
    #expect(recorder.wants(failed: false, isAskedFor: false) == success)
    #expect(recorder.wants(failed: true, isAskedFor: false) == failure)
    #expect(recorder.wants(failed: false, isAskedFor: true) == asked)
  }
}

extension InferenceRecord {
  static func example(
    model: String = "m", n: Int = 3, status: Int = 200, failure: String? = nil, microseconds: Int = 1500, body: [UInt8]? = nil
  ) -> InferenceRecord {
    InferenceRecord(
      id: .generate(), model: model, version: 2, digest: SHA256.digest([9]), family: "vae",
      build: BuildInformation(gitRevision: "abc", compiler: "Swift 6.3", cpu: "avx2", blas: "OpenBLAS"), operation: "sample", status: status,
      microseconds: microseconds,
      options: failure == nil ? Options(parameters: #"{"n":\#(n),"mean":true,"name":"a 'b'"}"#, seed: 7, items: n) : nil,
      input: body.map { Input(digest: SHA256.digest($0), type: "application/json", body: $0) },
      output: failure == nil ? Output(digest: SHA256.digest([4]), type: "application/json") : nil, failure: failure)
  }
}

extension RunDescription {
  static let example = RunDescription(
    kind: .train, family: "vae", model: "m", configuration: "{}", parameters: ["beta": "4"], seed: 1,
    build: BuildInformation(gitRevision: "abc", compiler: "Swift 6.3", cpu: "avx2", blas: "OpenBLAS"))
}
