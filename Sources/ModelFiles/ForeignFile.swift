/// A file of another kind that people take for a model file, told by its first bytes, and what to do with it.
struct ForeignFile: Equatable {
  let kind: String
  let remedy: String

  /// Bytes of a file's start that tell its kind.
  static let startBytes = 65_536

  private static let export = "a safetensors file: load the weights where they were made and export them as deploy/examples/from_pytorch.py does"
  private static let convert = "a safetensors file: convert the weights, and add the description that deploy/docs/guides/pytorch.md tells"

  /// nil where the start is that of no kind that is known here.
  init?(startingWith bytes: [UInt8]) {
    guard let (kind, remedy) = Self.pickle(bytes) ?? Self.archive(bytes) ?? Self.onnx(bytes) ?? Self.text(bytes) ?? Self.signed(bytes) else {
      return nil
    }
    (self.kind, self.remedy) = (kind, remedy)
  }

  private typealias Found = (kind: String, remedy: String)

  /// `\x80`, then the protocol; what `torch.save` wrote before PyTorch 1.6 is one, too.
  private static func pickle(_ bytes: [UInt8]) -> Found? {
    guard bytes.count >= 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) else { return nil }
    return ("a Python pickle, which runs code when it is read", export)
  }

  /// The name of an archive's first member says whose it is (APPNOTE 4.3.7).
  private static func archive(_ bytes: [UInt8]) -> Found? {
    guard bytes.starts(with: Array("PK\u{3}\u{4}".utf8)), bytes.count >= 30 else { return nil }
    let length = Int(bytes[26]) | Int(bytes[27]) << 8
    let name = String(decoding: bytes[30..<min(30 + length, bytes.count)], as: UTF8.self)
    if name.hasSuffix(".npy") { return ("a .npz archive of NumPy arrays (\(name))", convert) }
    if name.hasSuffix("data.pkl") || name.hasSuffix("/version") || name.hasSuffix("/byteorder") || name.hasSuffix(".format_version") {
      return ("a ZIP archive as torch.save writes it (.pt, .pth), with a pickle inside", export)
    }
    return ("a ZIP archive, its first member \"\(name.prefix(60))\"", "a safetensors file by itself: unpack it")
  }

  /// A protocol buffer whose first field is the version and whose second the producer's name or the operators' domain.
  private static func onnx(_ bytes: [UInt8]) -> Found? {
    guard bytes.count >= 4, bytes[0] == 0x08, (1...30).contains(bytes[1]), [0x12, 0x1A, 0x3A, 0x42].contains(bytes[2]) else { return nil }
    return ("an ONNX model", convert)
  }

  private static func text(_ bytes: [UInt8]) -> Found? {
    let start = bytes.prefix { [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }.count
    let text = String(decoding: bytes[start...], as: UTF8.self)
    if text.hasPrefix("{") {
      return text.contains("\"weight_map\"")
        ? ("the index of a model in several safetensors files", "one file: load the shards and save their tensors together")
        : ("a JSON text", "a safetensors file, which holds the description among its metadata")
    }
    if text.hasPrefix("version https://git-lfs.") { return ("a pointer that Git LFS left in place of the file", "the file itself: git lfs pull") }
    if text.lowercased().hasPrefix("<!doctype html") || text.lowercased().hasPrefix("<html") {
      return ("a web page, perhaps that of a download that failed", "the file itself")
    }
    return nil
  }

  /// Kinds with a signature of their own: where it stands, and its bytes.
  private static func signed(_ bytes: [UInt8]) -> Found? {
    let kinds: [(offset: Int, signature: [UInt8], found: Found)] = [
      (0, [0x1F, 0x8B], ("packed with gzip", "the file itself: gunzip it")),
      (0, Array("BZh".utf8), ("packed with bzip2", "the file itself: bunzip2 it")),
      (0, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], ("packed with xz", "the file itself: unxz it")),
      (0, [0x28, 0xB5, 0x2F, 0xFD], ("packed with Zstandard", "the file itself: unzstd it")),
      (257, Array("ustar".utf8), ("a tar archive", "a safetensors file by itself: unpack it")),
      (0, [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], ("an HDF5 file, as Keras writes them", convert)),
      (0, Array("GGUF".utf8), ("a GGUF file of a language model", "a model of one of this build's families")),
      (0, [0x93] + Array("NUMPY".utf8), ("a NumPy array (.npy)", convert)),
      (4, Array("TFL3".utf8), ("a TensorFlow Lite model", convert)),
      (0, Array("SQLite format 3".utf8), ("an SQLite database", convert)),
    ]
    return kinds.first { bytes.dropFirst($0.offset).starts(with: $0.signature) }?.found
  }
}
