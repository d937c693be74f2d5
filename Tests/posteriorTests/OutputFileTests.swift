import ArgumentParser
import Families
import Foundation
import ModelFiles
import Modelling
import Tensors
import Testing
@testable import posterior

@Suite("A file that an answer goes to")
struct OutputFileTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("posterior-output-\(UUID())")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  private var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() } }

  @Test("is there under its name when it is whole, and what stood there stays until then")
  func whole() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("out.csv")
    try Data("old".utf8).write(to: path)
    chmod(path.path, 0o640)
    let link = folder.appendingPathComponent("link.csv")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: path)
    do {
      let file = try OutputFile(link.path)
      try file.write(Array("half".utf8))
      #expect(try Data(contentsOf: path) == Data("old".utf8))
    }
    #expect(try names == ["link.csv", "out.csv"] && Data(contentsOf: path) == Data("old".utf8))
    let file = try OutputFile(link.path)
    try file.write(Array("new ".utf8))
    try file.write(Array("table".utf8))
    try file.finish()
    #expect(try names == ["link.csv", "out.csv"] && Data(contentsOf: path) == Data("new table".utf8))
    #expect(try FileManager.default.attributesOfItem(atPath: path.path)[.posixPermissions] as? Int == 0o640)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == path.path)
  }

  @Test("is a device or a pipe where that stands there, and an error where it can't be")
  func devices() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = try OutputFile("/dev/null")
    try file.write([1, 2, 3])
    try file.finish()
    #expect(try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type] as? FileAttributeType == .typeCharacterSpecial)
    #expect(throws: CommandError.self) { try OutputFile(folder.appendingPathComponent("none/out.csv").path) }
  }

  @Test("a table with a fault in a late row leaves no file, and one without is written whole")
  func commands() async throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let (input, output) = (folder.appendingPathComponent("in.csv"), folder.appendingPathComponent("out.csv"))
    let model = folder.appendingPathComponent("m.safetensors").path
    try Self.writeModel(to: model)
    let rows = (0..<9000).map { "\($0 % 90),,\($0 % 2 == 0 ? "" : "1.5")" }
    func run(_ rows: [String]) async throws {
      try Data((["x0,x1,x2"] + rows).joined(separator: "\n").utf8).write(to: input)
      let command = try ImputeCommand.parse([model, input.path, "--draws", "2", "--seed", "3", "-o", output.path])
      try await command.run()
    }
    let error = await #expect(throws: CommandError.self) { try await run(rows + ["1,2,three"]) }
    #expect(error?.description.contains("line 9002") == true)
    #expect(try names == ["in.csv", "m.safetensors"])
    try await run(rows)
    let lines = try String(contentsOf: output, encoding: .utf8).components(separatedBy: "\n")
    #expect(lines.count == 1 + 2 * 9000 + 1 && lines[0] == "imputation,x0,x1,x2" && lines[2].hasPrefix("2,0,"))
    #expect(try names == ["in.csv", "m.safetensors", "out.csv"])
  }
}

extension OutputFileTests {
  private static func writeModel(to path: String) throws {
    let model = try VAEAC(.init(latent: 2, hidden: 8, blocks: 1), signature: .vector(3), key: RandomKey(seed: 4))
    try Data(ModelFile.encode(model, provenance: Provenance(seed: 3))).write(to: URL(fileURLWithPath: path))
  }
}
