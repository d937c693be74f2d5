extension PNG {
  /// What a PNG says that it measures, before anything of it is decoded; nil where the bytes don't begin as one (PNG §5.6, §11.2.1).
  package static func size(of bytes: [UInt8]) -> (width: Int, height: Int)? {
    let start: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8)
    guard bytes.count >= start.count + 8, bytes.starts(with: start) else { return nil }
    func number(_ place: Int) -> Int { bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
    return (number(start.count), number(start.count + 4))
  }
}
