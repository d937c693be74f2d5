package import Modelling
internal import Tensors

extension VAEAC {
  /// One way in which training hides observed cells of a row.
  package struct MaskGenerator: Settings {
    package enum Kind: String, CaseIterable, SettingValue {
      /// Every cell on its own, with probability `rate`.
      case mcar
      /// Every one of `groups` on its own, with probability `rate`: all its columns at once.
      case groups
      /// `width` columns that stand next to each other, anywhere.
      case adjacent
      /// Every cell on its own, with a probability that is drawn for the row: any from 0 to 1.
      case anyRate = "any_rate"
      /// What another row of the batch lacks, or as `any_rate` where it lacks nothing: columns that are missing together are hidden together.
      case patterns
    }

    package var kind: Kind
    package var rate: Float?
    /// Names of columns that are hidden together.
    package var groups: [[String]]?
    package var width: Int?
    /// How often it is chosen among several, in proportion.
    package var weight: Float

    package init() { self.init(kind: .mcar) }

    package init(kind: Kind, rate: Float? = nil, groups: [[String]]? = nil, width: Int? = nil, weight: Float = 1) {
      self.kind = kind
      self.rate = rate
      self.groups = groups
      self.width = width
      self.weight = weight
    }

    package static func mcar(_ rate: Float, weight: Float = 1) -> MaskGenerator { MaskGenerator(kind: .mcar, rate: rate, weight: weight) }

    private var effectiveRate: Float { rate ?? 0.2 }

    package static let table = Table<Self> {
      Setting("kind", \.kind, required: true, "How cells are chosen.")
      Setting("rate", \.rate, in: 0...1, "The probability of a cell, or of a group; absent: 0.2.")
      Setting("groups", \.groups, "Names of columns that are hidden together.")
      Setting("width", \.width, in: 1..., "Columns next to each other.")
      Setting("weight", \.weight, in: Above(0), "How often it is chosen among several, in proportion.")
    }

    package func check() throws(Fault) {
      let strangers: [(name: String, isThere: Bool)] =
        switch kind {
        case .mcar: [("groups", groups != nil), ("width", width != nil)]
        case .groups: [("width", width != nil)]
        case .adjacent: [("rate", rate != nil), ("groups", groups != nil)]
        case .anyRate, .patterns: [("rate", rate != nil), ("groups", groups != nil), ("width", width != nil)]
        }
      for stranger in strangers where stranger.isThere {
        throw Fault(field: stranger.name, given: "there", expected: "no such field of the kind \(kind.rawValue)")
      }
    }
  }
}

extension VAEAC.MaskGenerator {
  /// Uniform numbers that it needs of a row.
  fileprivate func draws(_ columns: Int) -> Int {
    switch kind {
    case .mcar: columns
    case .groups: groups?.count ?? 0
    case .adjacent: 1
    case .anyRate: 1 + columns
    case .patterns: 2 + columns
    }
  }

  /// Which columns one row hides, given uniform numbers, the numbers of the columns of every group and what the batch's rows lack.
  fileprivate func hide(
    _ u: UnsafePointer<Float>, _ groups: [[Int]], columns: Int, missing: UnsafePointer<Float>, rows: Int, _ hidden: UnsafeMutablePointer<Float>
  ) {
    switch kind {
    case .mcar: for column in 0..<columns { hidden[column] = u[column] < effectiveRate ? 1 : 0 }
    case .groups:
      hidden.update(repeating: 0, count: columns)
      for (index, group) in groups.enumerated() where u[index] < effectiveRate { for column in group { hidden[column] = 1 } }
    case .adjacent:
      hidden.update(repeating: 0, count: columns)
      let width = width ?? 1
      let start = min(Int(u[0] * Float(columns - width + 1)), columns - width)
      for column in start..<start + width { hidden[column] = 1 }
    case .anyRate: for column in 0..<columns { hidden[column] = u[1 + column] < u[0] ? 1 : 0 }
    case .patterns:
      let other = missing + min(Int(u[0] * Float(rows)), rows - 1) * columns
      let lacks = (0..<columns).contains { other[$0] != 0 }
      for column in 0..<columns { hidden[column] = lacks ? other[column] : u[2 + column] < u[1] ? 1 : 0 }
    }
  }

  fileprivate func check(_ field: String, _ names: [String: Int]) throws(Fault) {
    func refuse(_ part: String, _ given: String, _ expected: String) -> Fault {
      Fault(field: "\(field).\(part)", given: given, expected: expected)
    }
    switch kind {
    case .mcar, .anyRate, .patterns: break
    case .groups:
      guard let groups, !groups.isEmpty, groups.allSatisfy({ !$0.isEmpty }) else { throw refuse("groups", "none", "lists of column names") }
      for name in groups.joined() where names[name] == nil { throw refuse("groups", "\"\(name)\"", "names of columns") }
    case .adjacent:
      guard let width, (1...names.count).contains(width) else {
        throw refuse("width", width.map { "\($0)" } ?? "nothing", "1 to \(names.count) columns")
      }
    }
  }
}

/// Several generators, one of which is drawn for every row.
struct MaskMixture {
  private let generators: [VAEAC.MaskGenerator]
  /// The columns of every group of every generator, by number.
  private let groups: [[[Int]]]
  private let columns: Int

  /// The generators are checked.
  init(_ generators: [VAEAC.MaskGenerator], _ signature: Signature) {
    let names = Self.names(signature)
    self.generators = generators
    groups = generators.map { ($0.groups ?? []).map { $0.compactMap { names[$0] } } }
    columns = signature.width
  }

  private static func names(_ signature: Signature) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: (signature.space.names ?? []).enumerated().map { ($1, $0) })
  }

  static func check(_ generators: [VAEAC.MaskGenerator], _ signature: Signature) throws(Fault) {
    let names = names(signature)
    for (index, generator) in generators.enumerated() { try generator.check("mask[\(index)]", names) }
  }

  /// 1 where a cell is hidden: [keys, columns]; missing: 1 where a row of the batch lacks one, in the same shape.
  func hidden(_ keys: RowKeys, missing: Tensor) -> Tensor {
    let rows = keys.count
    let draws = generators.map { $0.draws(columns) }.max() ?? 0
    let u = keys.split("mask").uniform(draws)
    let choice = generators.count > 1 ? keys.split("generator").uniform(1) : .zeros([rows, 1])
    let total = generators.reduce(0) { $0 + $1.weight }
    return Tensor(shape: [rows, columns]) { y in
      u.withScalars { u in
        missing.withScalars { missing in
          for row in 0..<rows {
            var rest = choice.scalars[row] * total
            let index = generators.indices.first { index in
              rest -= generators[index].weight
              return rest < 0
            }
            let chosen = index ?? generators.count - 1
            generators[chosen].hide(u + row * draws, groups[chosen], columns: columns, missing: missing, rows: rows, y + row * columns)
          }
        }
      }
    }
  }
}
