internal import Formats
internal import Modelling

extension DataSource {
  /// The same source with the range of its pixels, where it is an NPY of images that says none: of bytes 0 to 255, of numbers the first of 0 to 1, 0 to 255
  /// and their own bounds that holds them all; an IDX of zeros and ones has those.
  package func findingRange() throws -> DataSource {
    guard range == nil else { return self }
    if format == .idx || (format == nil && isPath && Self.isIDX(source)) {
      var found = self
      if ImageFiles.isOfBits(try IDX.decode(Self.bytes(source)).values) { found.range = [0, 1] }
      return found
    }
    guard format == .npy || (format == nil && source.lowercased().hasSuffix(".npy")) else { return self }
    let array = try NPYSource(source, range: nil)
    guard array.shape.count >= 3 else { return self }
    let rows = array.rows
    let item = UnsafeMutablePointer<Float>.allocate(capacity: rows.width)
    defer { item.deallocate() }
    var (least, most) = (Float.infinity, -Float.infinity)
    for place in 0..<rows.count {
      rows.write(place, to: item)
      for number in UnsafeBufferPointer(start: item, count: rows.width) { (least, most) = (Swift.min(least, number), Swift.max(most, number)) }
    }
    var found = self
    found.range =
      if least >= 0, most <= 1 { [0, 1] } else if least >= 0, most <= 255 { [0, 255] } else { [least, Swift.max(most, least + 1)] }
    return found
  }
}
