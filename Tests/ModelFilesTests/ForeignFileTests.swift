import ModelFiles
import Testing

@Suite("Files of other kinds")
struct ForeignFileTests {
  private static func member(_ name: String) -> [UInt8] {
    [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + [UInt8(name.utf8.count), 0, 0, 0] + Array(name.utf8)
  }

  static let kinds: [(bytes: [UInt8], words: String)] = [
    ([0x80, 2, 0x8A, 10, 0x6C], "a Python pickle"), ([0x80, 5, 0x95, 0], "a Python pickle"), (member("archive/data.pkl"), "torch.save"),
    (member("model/version"), "torch.save"), (member("weights.npy"), ".npz"), (member("readme.txt"), "\"readme.txt\""),
    ([8, 7, 0x12, 7] + Array("pytorch".utf8), "ONNX"), ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0], "HDF5"), ([0x1F, 0x8B, 8, 0], "gzip"),
    (Array("GGUF".utf8) + [3, 0, 0, 0], "GGUF"),
    (Array(#"{"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}"#.utf8), "shards"),
    (Array("{}".utf8), "a JSON text"), ([0x93] + Array("NUMPY".utf8) + [1, 0], ".npy"),
    (Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\n".utf8), "git lfs pull"), (Array("<!DOCTYPE html><html>".utf8), "a web page"),
    ([UInt8](repeating: 97, count: 257) + Array("ustar".utf8), "tar"), (Array("BZh91AY".utf8), "bunzip2"),
  ]

  @Test("are named by their first bytes, with what to do", arguments: kinds.indices)
  func named(_ row: Int) throws {
    let (bytes, words) = Self.kinds[row]
    let error = #expect(throws: ModelFileError.self) { try SafeTensors(bytes: bytes) }
    #expect(error?.reason == .malformed && error?.field == "the file" && error?.detail.contains(words) == true, "\(String(describing: error))")
  }

  @Test("a container whose length looks like a signature is one")
  func containers() throws {
    // 0x8B1F bytes of header, which gzip begins with, and 8 + 7 * 256, which ONNX does.
    for length in [0x8B1F, 0x0708] {
      let header = "{}" + String(repeating: " ", count: length - 2)
      #expect(try SafeTensors(bytes: [UInt8(length & 0xFF), UInt8(length >> 8), 0, 0, 0, 0, 0, 0] + Array(header.utf8)).entries.isEmpty)
    }
  }
}
