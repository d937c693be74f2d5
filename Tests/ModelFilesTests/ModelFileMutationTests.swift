import Foundation
import ModelFiles
import Modelling
import Networks
import Synchronization
import Tensors
import Testing

@Suite("Damaged model files")
struct ModelFileMutationTests {
  private static let count = 120_000
  private static let parts = 8

  private static func seeds() throws -> [[UInt8]] {
    let model = try TinyFamily.example()
    let texts = ["posterior": ModelFileRefusalTests.text(more: #","provenance":{"seed":7,"notes":{"a":"é"}}"#)]
    let half =
      #"{"h":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]},"e":{"dtype":"F64","shape":[0,9],"data_offsets":[4,4]},"#
      + #""b":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]},"d":{"dtype":"F64","shape":[],"data_offsets":[6,14]}}  "#
    return [
      try ModelFile.encode(model, provenance: Provenance(run: "r", seed: 7, notes: ["k": "v"])),
      SafeTensors.encode(tensors: model.network.leaves.map { (name: $0.leaf.path, tensor: $0.tensor) }, metadata: texts),
      container(half, data: [0x00, 0x3C, 0x00, 0xC0, 0x80, 0x3F, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F]),
      container("{}"),
    ]
  }

  /// What became of the files of one part.
  private struct Tally {
    var refused = 0
    var containers = 0
    var models = 0
    var reasons: Set<String> = []
    var faults: [String] = []
  }

  @Test("120,000 of them are refused with an error or are sound: none stops the program, and what is accepted is written again consistently")
  func mutants() throws {
    let seeds = try Self.seeds()
    let total = Mutex(Tally())
    DispatchQueue.concurrentPerform(iterations: Self.parts) { part in
      var mutator = Mutator(seeds: seeds, state: UInt64(part))
      var tally = Tally()
      for index in 0..<Self.count / Self.parts {
        let bytes = mutator.next()
        do {
          try Self.judge(bytes, &tally)
        } catch {
          tally.faults.append("mutant \(index) of part \(part): \(error)")
        }
      }
      total.withLock {
        $0.refused += tally.refused
        $0.containers += tally.containers
        $0.models += tally.models
        $0.reasons.formUnion(tally.reasons)
        $0.faults += tally.faults
      }
    }
    let tally = total.withLock { $0 }
    #expect(tally.faults.isEmpty, "\(tally.faults.prefix(5))")
    #expect(tally.refused + tally.containers == Self.count)
    // The mutants reach every stage: many containers are sound, some of them models, and refusals are of every kind that bytes alone can cause.
    #expect(tally.containers > Self.count / 100)
    #expect(tally.models > Self.count / 1000)
    #expect(
      tally.reasons == [
        "malformed", "tooLarge", "scalarType", "notAModel", "metadata", "unknownFormat", "unknownFamily", "configuration", "signature", "tensors",
        "nonFinite",
      ])
  }

  private static func judge(_ bytes: [UInt8], _ tally: inout Tally) throws {
    let file: SafeTensors
    do {
      file = try SafeTensors(bytes: bytes)
    } catch {
      tally.refused += 1
      tally.reasons.insert(name(error.reason))
      // The three ways in agree.
      guard ModelFileError.from({ () throws(ModelFileError) in _ = try ModelFile.load(bytes: bytes, families: TinyFamily.families) }) == error,
        ModelFileError.from({ () throws(ModelFileError) in _ = try ModelFile.inspect(bytes: bytes, families: TinyFamily.families) }) == error
      else { throw Fault(what: "the container is refused and the model is not") }
      return
    }
    tally.containers += 1
    try judgeContainer(file)
    let inspection = try ModelFile.inspect(bytes: bytes, families: TinyFamily.families)
    let loaded: LoadedFile
    do {
      loaded = try ModelFile.load(bytes: bytes, families: TinyFamily.families)
    } catch {
      tally.reasons.insert(name(error.reason))
      guard inspection.problem == error else { throw Fault(what: "inspecting finds \(String(describing: inspection.problem)), loading \(error)") }
      return
    }
    tally.models += 1
    guard inspection.problem == nil else { throw Fault(what: "the inspection finds fault with a model that loads") }
    try judgeModel(loaded)
  }

  /// Spans tile the data, and the file written from the tensors holds the same tensors and is a fixed point.
  private static func judgeContainer(_ file: SafeTensors) throws {
    var end = 0
    for entry in file.entries {
      guard entry.bytes.lowerBound == end, entry.bytes.count == entry.shape.count * entry.type.byteCount else { throw Fault(what: "\(entry)") }
      end = entry.bytes.upperBound
    }
    guard file.entries.allSatisfy(\.type.isReadable) else { return }
    let tensors = try file.tensors
    let bytes = SafeTensors.encode(tensors: tensors.map { (name: $0.key, tensor: $0.value) }, metadata: file.metadata)
    let again = try SafeTensors(bytes: bytes)
    let read = try again.tensors
    guard again.metadata == file.metadata, read.count == tensors.count, tensors.allSatisfy({ read[$0.key]?.isIdentical(to: $0.value) == true }) else {
      throw Fault(what: "the container does not come back")
    }
    guard SafeTensors.encode(tensors: read.map { (name: $0.key, tensor: $0.value) }, metadata: again.metadata) == bytes else {
      throw Fault(what: "the container is not written the same twice")
    }
  }

  private static func judgeModel(_ file: LoadedFile) throws {
    let bytes = try ModelFile.encode(file.model, provenance: file.provenance)
    let again = try ModelFile.load(bytes: bytes, families: TinyFamily.families)
    guard try ModelFile.encode(again.model, provenance: again.provenance) == bytes, again.provenance == file.provenance,
      again.model.signature == file.model.signature
    else { throw Fault(what: "the model is not written the same twice") }
  }

  private struct Fault: Error { let what: String }

  private static func name(_ reason: ModelFileError.Reason) -> String { String("\(reason)".prefix { $0 != "(" }) }
}
