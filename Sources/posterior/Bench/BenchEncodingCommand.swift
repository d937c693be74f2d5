import ArgumentParser
import Benchmarking
import Formats
import Foundation
import Tensors

struct BenchEncodingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encoding", abstract: "Measures how fast numbers become JSON, JSON numbers and pictures PNG, on one thread.",
    discussion:
      "The best of several passes; copying the same bytes, Foundation's JSONSerialization and what the machine can read of its memory stand beside them."
  )

  @Option(help: "Passes of each measurement; the best one counts.")
  var passes = 10
  @Flag(help: "The figures as JSON.")
  var json = false

  func validate() throws {
    guard (1...10_000).contains(passes) else { throw ValidationError("--passes is \(passes), expected 1 to 10000") }
  }

  /// One kind of numbers as a document of about a megabyte.
  struct Row {
    let name: String
    let numbers: Int
    let bytes: Int
    /// Milliseconds.
    let parse, write, copy, foundation: Double

    func perMegabyte(_ milliseconds: Double) -> Double { milliseconds * 1e6 / Double(bytes) }
  }

  func run() throws {
    let rows = try Self.examples.map { try measure($0.name, $0.scalars) }
    let picture = try measurePicture()
    let machine = BenchedMachine(threads: 1)
    if json { return print(String(decoding: Self.json(rows, picture, machine).text, as: UTF8.self)) }
    TextTable(
      ["NUMBERS", "BYTES", "PARSE ms/MB", "JSONSerialization", "WRITE ms/MB", "COPY ms/MB", "PARSE, % OF READING"],
      rows.map { row in
        [row.name, "\(row.bytes)"]
          + [row.parse, row.foundation, row.write, row.copy].map { LoadReport.text(row.perMegabyte($0)) }
          + [LoadReport.text(machine.limits.percent(bytesReadPerSecond: Double(row.bytes) / (1e-3 * row.parse)))]
      }
    ).print()
    print("PNG of 64 pictures of 28 x 28: \(LoadReport.text(picture.milliseconds)) ms, \(picture.bytes) bytes")
    machine.print()
  }

  /// 100 000 to 300 000 numbers each: means as models give them, pixels, and floats of any size.
  static var examples: [(name: String, scalars: [Float])] {
    let key = RandomKey(seed: 7)
    let count = 128 * 784
    return [
      ("means from 0 to 255", (key.split("means").uniform([count]) * Tensor(255)).scalars),
      ("whole pixels", (key.split("pixels").uniform([3 * count]) * Tensor(255)).scalars.map { $0.rounded() }),
      ("any float", key.split("any").uniform([count]).scalars.map { Float(bitPattern: UInt32($0 * Float(0x7F00_0000))) }),
    ]
  }

  func measure(_ name: String, _ scalars: [Float]) throws -> Row {
    func text() -> [UInt8] {
      JSONValue.object([.init(name: "inputs", value: .numbers(NumberArray(shape: [scalars.count / 784, 784], scalars: scalars)))]).text
    }
    let bytes = text()
    let data = Data(bytes)
    var copy = bytes
    return Row(
      name: name, numbers: scalars.count, bytes: bytes.count, parse: try best { _ = try JSONValue(parsing: bytes, numericFields: ["inputs"]) },
      write: best { _ = text() },
      copy: best { copy.withUnsafeMutableBytes { target in bytes.withUnsafeBytes { target.copyMemory(from: $0) } } },
      foundation: try best { _ = try JSONSerialization.jsonObject(with: data) })
  }

  /// A grid with soft edges, like what image models give.
  func measurePicture() throws -> (milliseconds: Double, bytes: Int) {
    let noise = RandomKey(seed: 7).uniform([64 * 784]).scalars
    let pixels = (0..<64 * 784).map { index -> UInt8 in
      let (x, y) = (Float(index % 28) - 13.5, Float(index / 28 % 28) - 13.5)
      return UInt8(max(0, 255 - (x * x + y * y) * 2 - 20 * noise[index]))
    }
    let raster = ImageGrid.arrange(pixels, count: 64, height: 28, width: 28, channels: 1)
    return (try best { _ = try PNG.encode(raster) }, try PNG.encode(raster).count)
  }

  private func best(_ body: () throws -> Void) rethrows -> Double {
    var best = Double.infinity
    for _ in 0..<passes {
      let start = ContinuousClock.now
      try body()
      best = min(best, (ContinuousClock.now - start) / .milliseconds(1))
    }
    return best
  }

  private static func json(_ rows: [Row], _ picture: (milliseconds: Double, bytes: Int), _ machine: BenchedMachine) -> JSONValue {
    let figures = rows.map { row in
      JSONValue.object(
        [
          .init(name: "name", value: .string(row.name)), .init(name: "numbers", value: .integer(row.numbers)),
          .init(name: "bytes", value: .integer(row.bytes)),
        ]
          + [("parse_ms", row.parse), ("write_ms", row.write), ("copy_ms", row.copy), ("json_serialization_ms", row.foundation)].map {
            .init(name: $0, value: .number($1))
          })
    }
    return .object([
      .init(name: "json", value: .array(figures)),
      .init(
        name: "png",
        value: .object([.init(name: "ms", value: .number(picture.milliseconds)), .init(name: "bytes", value: .integer(picture.bytes))])),
      .init(name: "machine", value: machine.json),
    ])
  }
}
