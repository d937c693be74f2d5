internal import Coding
internal import Tensors

/// Items by way of several layers of codes, each in bins of its prior given those above it (Townsend et al. 2020).
///
/// The codes of a large image take more bits than a message has at first, so images of any size are cut into tiles: small ones, each of which pays for
/// the codes of the next, until so much is on the message that a larger tile's codes find their bits there.
struct HierarchyCoder<Model: HierarchicallyCompressing>: ItemCoder {
  private static var binBits: Int { 12 }
  private static var codePrecision: Int { 20 }

  private let model: Model
  private let levels: Levels
  private let bins: GaussianBins

  init(_ model: Model, _ levels: Levels) throws(CodingError) {
    (self.model, self.levels, bins) = (model.prepared(), levels, try GaussianBins(bits: Self.binBits))
  }

  /// For the codes of the largest tile, should the message hold nothing else; words that aren't needed are not in the stream.
  var startingWords: Int { Self.otherWords + min(codes(of: levels.signature), Self.mostCodes) * Self.codePrecision / 32 }

  private static var otherWords: Int { 1024 }
  /// A tile's: more than this, and a stream couldn't have the words that they may take.
  private static var mostCodes: Int { (BitsLimits.standard.startingWords - otherWords) / codePrecision * 32 }

  func push(_ items: [[Int]], onto message: inout Message) throws(CodingError) {
    for (before, item) in items.reversed().enumerated() {
      let plan = plan(after: before)
      for tile in plan.tiles.reversed() { try codec(of: tile).push(plan.cut(tile, from: item), onto: &message) }
    }
  }

  func pop(_ count: Int, from message: inout Message) throws(CodingError) -> [[Int]] {
    var items: [[Int]] = []
    for place in 0..<count {
      let plan = plan(after: count - 1 - place)
      var item = [Int](repeating: 0, count: levels.signature.width)
      for tile in plan.tiles { plan.paste(try codec(of: tile).pop(from: &message), as: tile, into: &item) }
      items.append(item)
    }
    return items
  }

  func bounds(_ items: [[Int]], keys: RowKeys) -> [Double] {
    items.enumerated().map { place, item in
      let (plan, keys) = (plan(after: items.count - 1 - place), keys.slice(place..<place + 1))
      return plan.tiles.enumerated().reduce(0) { sum, entry in
        let tile = Levels(levels.count, signature(of: entry.element))
        let x = tile.units([plan.cut(entry.element, from: item)])
        return sum + Double(model.bounds(x, of: tile.signature, keys: keys.split(entry.offset)).scalar)
      }
    }
  }

  private func codec(of tile: Tiling.Tile) -> HierarchicalBitsBack<Model.Hierarchy> {
    HierarchicalBitsBack(model.hierarchy(of: signature(of: tile)), bins: bins, precision: Self.codePrecision)
  }

  private func signature(of tile: Tiling.Tile) -> Signature {
    let resized = model.takesAnySize ? levels.signature.resized(height: tile.height, width: tile.width) : nil
    return resized ?? levels.signature
  }

  private func codes(of items: Signature) -> Int { model.hierarchy(of: items).codes }

  /// How an item is cut that is pushed onto a message after some others.
  ///
  /// A code takes about as many bits as tell its bins apart, and a number leaves three or more: tiles are as large as what is there can pay for.
  private func plan(after items: Int) -> Tiling {
    guard model.takesAnySize, let picture = levels.signature.space.picture else { return Tiling(whole: levels.signature.width) }
    let bits = 3 * items * levels.signature.width
    func isPaidFor(_ tile: Signature?) -> Bool {
      guard let codes = tile.map(codes) else { return false }
      return codes <= Self.mostCodes && codes * Self.binBits <= bits
    }
    if isPaidFor(levels.signature) { return Tiling(picture) }
    var side = Tiling.smallestSide
    while 2 * side < max(picture.height, picture.width), isPaidFor(levels.signature.resized(height: 2 * side, width: 2 * side)) { side *= 2 }
    return Tiling(picture, side: side)
  }
}

/// An item as tiles from left to right and from top to bottom.
struct Tiling {
  struct Tile {
    let top: Int
    let left: Int
    let height: Int
    let width: Int
  }

  /// Of the images that such models learn from.
  static let smallestSide = 32

  let tiles: [Tile]
  private let height: Int
  private let width: Int

  /// An item that is no image, or not to be cut.
  init(whole width: Int) {
    (height, self.width) = (1, width)
    tiles = [Tile(top: 0, left: 0, height: 1, width: width)]
  }

  init(_ picture: Picture, side: Int? = nil) {
    (height, width) = (picture.height, picture.width)
    let (rows, columns) = (side ?? picture.height, side ?? picture.width)
    tiles = stride(from: 0, to: picture.height, by: rows).flatMap { top in
      stride(from: 0, to: picture.width, by: columns).map { left in
        Tile(top: top, left: left, height: min(rows, picture.height - top), width: min(columns, picture.width - left))
      }
    }
  }

  /// The numbers of a tile, channel by channel as those of the item are.
  func cut(_ tile: Tile, from item: [Int]) -> [Int] {
    if tiles.count == 1 { return item }
    var numbers: [Int] = []
    forEachLine(of: tile, in: item.count) { numbers += item[$0] }
    return numbers
  }

  func paste(_ numbers: [Int], as tile: Tile, into item: inout [Int]) {
    var left = numbers[...]
    forEachLine(of: tile, in: item.count) { line in
      item.replaceSubrange(line, with: left.prefix(line.count))
      left = left.dropFirst(line.count)
    }
  }

  private func forEachLine(of tile: Tile, in count: Int, _ body: (Range<Int>) -> Void) {
    for channel in 0..<count / (height * width) {
      for row in tile.top..<tile.top + tile.height {
        let start = (channel * height + row) * width + tile.left
        body(start..<start + tile.width)
      }
    }
  }
}
