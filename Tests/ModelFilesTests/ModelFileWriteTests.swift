import Foundation
import ModelFiles
import Tensors
import Testing

@Suite("ModelFile on disk")
struct ModelFileWriteTests {
  @Test("writing replaces a file whole and leaves nothing else behind")
  func replaces() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file"
      for bytes in [[UInt8](repeating: 1, count: 3_000_000), [2, 3], []] {
        try ModelFile.write(bytes, to: path)
        #expect(FileManager.default.contents(atPath: path).map { [UInt8]($0) } == bytes)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
      }
    }
  }

  @Test("a write that fails says why, leaves what was there and no temporary file")
  func fails() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/taken/inner", withIntermediateDirectories: true)
      let error = try #require(throws: ModelFileError.self) { try ModelFile.write([1], to: folder + "/taken") }
      #expect(error.reason == .unreadable)
      #expect(error.detail.hasPrefix("could not write \(folder)/taken: "))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["taken"])
      let missing = try #require(throws: ModelFileError.self) { try ModelFile.write([1], to: folder + "/none/file") }
      #expect(missing.given == "No such file or directory")
    }
  }

  @Test("a path that is no regular file is refused at once: nothing there, a folder, a pipe without writer, a device")
  func noFile() throws {
    try withTemporaryFolder { folder in
      #expect(mkfifo(folder + "/pipe", 0o600) == 0)
      for (path, given) in [
        (folder + "/none", "No such file or directory"), (folder, "a folder, pipe or device"), (folder + "/pipe", "a folder, pipe or device"),
        ("/dev/zero", "a folder, pipe or device"),
      ] {
        let error = try #require(throws: ModelFileError.self) { try SafeTensors(path: path) }
        #expect(error.reason == .unreadable)
        #expect(error.given == given)
      }
    }
  }

  @Test("a file that is cut short after it was opened is an error, not a crash")
  func cutShort() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file"
      for header in [
        #"{"t":{"dtype":"F32","shape":[250000],"data_offsets":[0,1000000]}}"#, #"{"t":{"dtype":"F64","shape":[125000],"data_offsets":[0,1000000]}}"#,
      ] {
        try ModelFile.write(container(header, data: [UInt8](repeating: 0, count: 1_000_000)), to: path)
        let file = try SafeTensors(path: path)
        #expect(truncate(path, 500_000) == 0)
        let error = try #require(throws: ModelFileError.self) { try file.tensors }
        #expect(error.reason == .unreadable)
      }
    }
  }

  @Test("an open file is read to its end even when another takes its place")
  func replaced() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file"
      try ModelFile.write(SafeTensors.encode(tensors: [("t", Tensor([1, 2]))]), to: path)
      let file = try SafeTensors(path: path)
      try ModelFile.write(SafeTensors.encode(tensors: [("t", Tensor([3, 4]))]), to: path)
      #expect(try file.tensor(named: "t").scalars == [1, 2])
    }
  }
}
