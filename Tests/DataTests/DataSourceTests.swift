import Data
import Formats
import Foundation
import Modelling
import TemporaryFolders
import Tensors
import Testing

@Suite("Data sources")
struct DataSourceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func refusal(_ source: DataSource, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation) {
    do {
      _ = try source.load()
      Issue.record("\(source) was read", sourceLocation: sourceLocation)
    } catch {
      for part in parts { #expect("\(error)".contains(part), sourceLocation: sourceLocation) }
    }
  }

  private func table(_ names: [String]) -> Signature { .table(names.map { TableSpace.Column(name: $0, type: .real) }) }

  @Test("IDX images, plain and compressed, are bytes with the digest of the file")
  func idx() throws {
    let pixels = (0..<24).map { UInt8($0 * 10) }
    let bytes = IDX.encode(pixels, dimensions: [2, 3, 4])
    for (name, content) in [("images-idx3-ubyte", bytes), ("images.idx", bytes), ("images-idx3-ubyte.gz", GZip.deflate(bytes))] {
      let data = try DataSource(source: folder.file(name, content)).load()
      #expect(data.count == 2 && data.signature == .image(height: 3, width: 4))
      #expect(data.digest == SHA256.digest(content))
      #expect(data.raw([1]).scalars == pixels[12...].map(Float.init))
      #expect(data.batch([0]).scalars == pixels[..<12].map { Float($0) / 255 })
    }
    let flat = try folder.file("labels.idx", IDX.encode([1, 2], dimensions: [2]))
    refusal(DataSource(source: flat), "1 dimensions", "count, height, width")
    let data = try DataSource(source: folder.path + "/images.idx", limit: 1).load()
    #expect(data.count == 1 && data.raw([0]).scalars == pixels[..<12].map(Float.init))
    refusal(DataSource(source: folder.path + "/images.idx", limit: 0), "data.limit is 0")
  }

  @Test("IDX images of zeros and ones need their range said, are then what they are, and no byte is outside a range")
  func binarisedIDX() throws {
    let pixels: [UInt8] = [0, 1, 1, 0, 0, 0, 1, 0]
    let path = try folder.file("bits-idx3-ubyte", IDX.encode(pixels, dimensions: [2, 2, 2]))
    refusal(DataSource(source: path), "zeros and ones", "data.range to [0, 1]")
    let bits = try DataSource(source: path, range: [0, 1]).load()
    #expect(bits.signature == .image(height: 2, width: 2, range: 0...1) && bits.batch([0, 1]).scalars == pixels.map(Float.init))
    #expect(try DataSource(source: path, range: [0, 255]).load().signature == .image(height: 2, width: 2))
    #expect(try DataSource(source: path).findingRange().range == [0, 1])
    let levels = try folder.file("levels.idx", IDX.encode([0, 1, 7, 0], dimensions: [1, 2, 2]))
    refusal(DataSource(source: levels, range: [0, 1]), "a byte 7", "0.0 to 1.0")
    #expect(try DataSource(source: levels).findingRange().range == nil)
    let black = try folder.file("black.idx", IDX.encode([0, 0, 0, 0], dimensions: [1, 2, 2]))
    #expect(try DataSource(source: black).load().signature == .image(height: 2, width: 2))
  }

  @Test("a CSV file is a table of its columns")
  func csv() throws {
    let text = "a,b\n1,-2.5\n3,4e1\n"
    let data = try DataSource(source: folder.file("t.csv", text)).load()
    #expect(data.count == 2 && data.signature == table(["a", "b"]))
    #expect(data.raw([0, 1]).scalars == [1, -2.5, 3, 40])
    #expect(data.digest == SHA256.digest(Array(text.utf8)))
    #expect(data.raw([1, 0]).scalars == [3, 40, 1, -2.5])
  }

  @Test("a cell that is missing, no number or beyond float32 is named by line and column")
  func badCells() throws {
    refusal(DataSource(source: try folder.file("m.csv", "a,b\n1,2\n3,NA\n")), "line 3", "column \"b\"", "missing")
    refusal(DataSource(source: try folder.file("w.csv", "a,b\n1,2\nx,4\n")), "line 3", "a")
    refusal(DataSource(source: try folder.file("h.csv", "a,b\n1,1e300\n")), "line 2", "column \"b\"", "float32")
    refusal(DataSource(source: try folder.file("r.csv", "a,b\n1,2\n3\n")), "line 3")
  }

  @Test("an npy file of rows is a vector, with a range one of known scaling, and images need the range")
  func npy() throws {
    let rows = try folder.file("rows.npy", NPY.encode([1, 2, 3, 4, 5, 6], shape: [3, 2]))
    let data = try DataSource(source: rows).load()
    #expect(data.signature == .vector(2) && data.raw([2]).scalars == [5, 6])
    let ranged = try DataSource(source: rows, range: [1, 6]).load()
    #expect(ranged.batch([0, 2]).scalars == [0, 0.2, 0.8, 1])
    let images = try folder.file("images.npy", NPY.encode((0..<24).map { Float($0) / 24 }, shape: [2, 2, 2, 3]))
    refusal(DataSource(source: images), "[2, 2, 3]", "data.range")
    let colour = try DataSource(source: images, range: [0, 1]).load()
    #expect(colour.signature == .image(height: 2, width: 2, channels: 3, range: 0...1))
    // Channels first for the model, and back again for the client.
    #expect(colour.batch([0]).scalars == [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11].map { Float($0) / 24 })
    #expect(colour.signature.toRaw(colour.batch([0, 1])).scalars == colour.raw([0, 1]).scalars)
    refusal(DataSource(source: images, range: [0, 0.5]), "outside data.range")
    refusal(DataSource(source: images, range: [1, 0]), "data.range is [1.0, 0.0]")
    refusal(DataSource(source: try folder.file("nan.npy", NPY.encode([1, .nan], shape: [1, 2]))), "value 1 is nan")
    refusal(DataSource(source: try folder.file("line.npy", NPY.encode([1, 2], shape: [2]))), "[2]", "[n, width]")
  }

  @Test("a folder of PNGs is read in the order of the names, all of one size")
  func png() throws {
    func write(_ name: String, _ height: Int, _ pixels: [UInt8]) throws {
      _ = try folder.file(name, PNG.encode(Raster(height: height, width: 2, channels: 1, pixels: pixels)))
    }
    refusal(DataSource(source: folder.path), "holds no .png file")
    try write("b.png", 1, [3, 4])
    try write("a.PNG", 1, [1, 2])
    _ = try folder.file("notes.txt", "not an image")
    let data = try DataSource(source: folder.path).load()
    #expect(data.signature == .image(height: 1, width: 2) && data.raw([0, 1]).scalars == [1, 2, 3, 4])
    try write("c.png", 2, [1, 2, 3, 4])
    refusal(DataSource(source: folder.path), "c.png is 2 x 2", "expected 2 x 1 like a.PNG")
    _ = try folder.file("c.png", "not a png")
    refusal(DataSource(source: folder.path), "c.png")
    refusal(DataSource(source: folder.path + "/a.PNG", format: .png), "expected a folder of PNGs")
    refusal(DataSource(source: folder.path, format: .csv), "is a folder", "csv")
  }

  @Test("what is not there, or tells no format, is said in one sentence")
  func missing() throws {
    refusal(DataSource(source: "/no/such/file.csv"), "there is no file or folder /no/such/file.csv", "fashion-mnist")
    refusal(DataSource(source: try folder.file("data.bin", "")), "tells no format", "idx, csv, npy, png")
    let csv = try folder.file("t.csv", "a\n1\n")
    refusal(DataSource(source: csv, split: .test), "data.split is test")
    refusal(DataSource(source: csv, range: [0, 1]), "data.range is for npy")
    refusal(DataSource(source: "fashion-mnist", format: .csv), "data.format")
  }

  @Test("a named data set is read, or the package that brings it is named")
  func named() throws {
    do {
      let data = try DataSource(source: "fashion-mnist", split: .test, limit: 3).load()
      #expect(data.count == 3 && data.signature == .image(height: 28, width: 28))
    } catch {
      #expect("\(error)".contains("apt-get install dataset-fashion-mnist"))
    }
  }

  @Test("standardising takes moments from the given rows only, and leaves constant columns and known scalings alone")
  func standardised() throws {
    let data = DataSet(
      name: "t", rows: FloatRows([1, 5, 3, 5, 1000, 5], width: 2), signature: table(["a", "b"]), digest: SHA256.digest([]))
    let standardised = data.standardised(over: [0, 1])
    #expect(standardised.signature.space.scaling == Scaling(offset: [2, 5], scale: [Float(2).squareRoot(), 1]))
    #expect(zip(standardised.batch([0, 1, 2]).scalars, [-1, 0, 1, 0, 998, 0]).allSatisfy { abs($0 * Float(2).squareRoot() - $1) < 1e-3 })
    #expect(standardised.raw([2]).scalars == [1000, 5])
    #expect(standardised.standardised(over: [2]).signature == standardised.signature)
    let image = DataSet(name: "i", rows: ByteRows([0, 255], width: 2), signature: .image(height: 1, width: 2), digest: SHA256.digest([]))
    #expect(image.standardised(over: [0]).signature == image.signature)
  }
}
