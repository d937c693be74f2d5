import ArgumentParser
import Modelling

/// A number of bytes as people write it: `1500000`, `2GB`, `1.5 GB`, `512MiB`.
struct ByteCount: ExpressibleByArgument, CustomStringConvertible, SettingNumber {
  let value: Int

  init(_ value: Int) { self.value = value }

  static func < (left: ByteCount, right: ByteCount) -> Bool { left.value < right.value }
  static func schema(within bounds: Bounds) -> Schema { .integer(bounds) }
  var isFinite: Bool { true }

  init?(argument: String) {
    let text = argument.lowercased().filter { $0 != " " }
    let digits = text.prefix { $0.isNumber || $0 == "." }
    guard let number = Double(digits), let unit = Self.units[String(text.dropFirst(digits.count))] else { return nil }
    guard let value = Int(exactly: (number * Double(unit)).rounded()), value >= 0 else { return nil }
    self.value = value
  }

  private static let units = [
    "": 1, "b": 1, "kb": 1000, "mb": 1_000_000, "gb": 1_000_000_000, "tb": 1_000_000_000_000, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30,
    "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
  ]

  var description: String { value % (1 << 30) == 0 ? "\(value >> 30)GiB" : "\(value)" }

  /// A number, or a text with a unit.
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Int.self) {
      self.value = value
      return
    }
    let text = try container.decode(String.self)
    guard let count = ByteCount(argument: text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is no number of bytes, such as 1500000, 2GB or 512MiB")
    }
    self = count
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}
