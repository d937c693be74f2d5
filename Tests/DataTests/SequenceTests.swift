import Data
import Formats
import Foundation
import Modelling
import TemporaryFolders
import Tensors
import Testing

@Suite("Arrays in files, and sequences of images")
struct SequenceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A file of NumPy's with numbers of one byte.
  private func levels(_ values: [UInt8], shape: [Int]) -> [UInt8] {
    // The header that floats would have, with another type of elements of the same length.
    NPY.header(shape: shape).replacing(Array("<f4".utf8), with: Array("|u1".utf8)) + values
  }

  @Test("an array's rows are read from its file: the same numbers as of the whole, by place")
  func rows() throws {
    let values = (0..<60).map { Float($0) / 7 - 3 }
    let path = try folder.file("a.npy", NPY.encode(values, shape: [12, 5]))
    let data = try DataSource(source: path).load()
    #expect(data.count == 12 && data.raw(0..<12).scalars == values)
    #expect(data.raw([7, 2]).scalars == Array(values[35..<40] + values[10..<15]))
    #expect(data.digest == SHA256.digest([UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))))
    let bytes = try folder.file("b.npy", levels((0..<60).map { UInt8($0) }, shape: [12, 5]))
    #expect(try DataSource(source: bytes).load().raw([11]).scalars == [55, 56, 57, 58, 59])
    let turned = NPY.encode([0, 3, 1, 4, 2, 5], shape: [2, 3]).replacing(Array("False".utf8), with: Array("True ".utf8))
    #expect(try DataSource(source: folder.file("c.npy", turned)).load().raw(0..<2).scalars == [0, 1, 2, 3, 4, 5])
    #expect(throws: FormatError.self) { try DataSource(source: folder.file("d.npy", Array(NPY.encode(values, shape: [12, 5]).dropLast()))).load() }
  }

  @Test("an array of four axes is sequences of images where it is told so")
  func arrays() throws {
    let path = try folder.file("v.npy", levels((0..<48).map { UInt8(5 * $0) }, shape: [2, 3, 2, 4]))
    let data = try DataSource(source: path, format: .video, range: [0, 255]).load()
    #expect(data.signature.space == .sequence(SequenceSpace(of: .image(ImageSpace(height: 2, width: 4)), atMost: 3)))
    #expect(data.count == 2 && data.raw([1]).scalars == (24..<48).map { Float(5 * $0) })
    #expect(data.lengths(of: data.batch([0, 1])) == nil)
    #expect(throws: DataError.self) { try DataSource(source: path, format: .video).load() }
    let images = try folder.file("i.npy", levels((0..<8).map { UInt8($0) }, shape: [2, 2, 2]))
    #expect(throws: DataError.self) { try DataSource(source: images, format: .video, range: [0, 255]).load() }
  }

  @Test("a folder of folders of PNGs is sequences of images, shorter ones with nothing behind their end")
  func folders() throws {
    func image(_ level: UInt8) throws -> [UInt8] { try PNG.encode(Raster(height: 1, width: 2, channels: 1, pixels: [level, level + 1])) }
    for (name, levels) in [("b", [7, 8, 9]), ("a", [1, 2])] as [(String, [UInt8])] {
      try FileManager.default.createDirectory(atPath: folder.path + "/clips/" + name, withIntermediateDirectories: true)
      for (place, level) in levels.enumerated() { _ = try folder.file("clips/\(name)/\(place).png", image(level)) }
    }
    let data = try DataSource(source: folder.path + "/clips", format: .video).load()
    #expect(data.signature.space == .sequence(SequenceSpace(of: .image(ImageSpace(height: 1, width: 2)), atMost: 3)))
    #expect(data.raw([1]).scalars == [7, 8, 8, 9, 9, 10] && Array(data.raw([0]).scalars.prefix(4)) == [1, 2, 2, 3])
    #expect(data.lengths(of: data.raw(0..<2)) == [4, 6])
    _ = try folder.file("clips/b/9.png", try PNG.encode(Raster(height: 2, width: 2, channels: 1, pixels: [0, 0, 0, 0])))
    #expect(throws: DataError.self) { try DataSource(source: folder.path + "/clips", format: .video).load() }
  }

  @Test("a named set knows its items, their classes and its splits")
  func named() throws {
    #expect(NamedDataSet.all.map(\.name) == ["fashion-mnist", "ring", "sprites"] && NamedDataSet.named("spritze") == nil)
    let sprites = try DataSource(source: "sprites", split: .test, limit: 3).load(withLabels: true)
    let numbers = Sprites(.test)
    #expect(sprites.count == 3 && sprites.name == "sprites/test")
    #expect(sprites.raw([2]).scalars == Sprites.image(numbers.number(at: 2)).map(Float.init))
    #expect(sprites.labels?.codes[2] == Sprites.factors(of: numbers.number(at: 2))[0])
    for source in [DataSource(source: "sprites", format: .idx), DataSource(source: "sprites", target: "x")] {
      #expect(throws: DataError.self) { try source.load() }
    }
  }
}
