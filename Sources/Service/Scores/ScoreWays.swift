internal import Formats
internal import ModelFiles
internal import Modelling
internal import Registry

/// What would fill an entry of a score sheet: requests to this server, and commands that do the same.
struct ScoreWays {
  let entry: ScoreEntry
  let version: ModelVersion
  let signature: Signature
  /// Whether the model clusters or classifies, so that an evaluation may be told where classes stand.
  let comparesClasses: Bool
  /// Those that the model takes.
  let data: [ScoreData]

  /// Of everything that is drawn.
  private static let seed = 0
  /// Draws of the importance-weighted bound.
  private static let draws = 100

  var json: JSONValue { .record(["needs": .string(needs), "how": .array(data.filter(isOfUse).map(way))]) }

  /// What has to be there, as a sentence.
  private var needs: String {
    let items = "Items as the model takes them (\(signature.space.summary))"
    return switch entry {
    case .likelihood, .robustness: "\(items)."
    case .imputation: "\(items), of which pixels are hidden."
    case .clusters: "\(items), whose classes are known."
    case .classification, .calibration: "\(items), with classes among those that the model knows."
    case .probe: "\(items), whose classes are known, and others that the probe is fitted on: of a known data set its training split."
    case .modes: "A known data set of such items whose modes are known."
    case .disentanglement: "\(items), and a table of what they were made of (posterior disentanglement --factors); of sprites that is known."
    }
  }

  private func isOfUse(_ data: ScoreData) -> Bool {
    switch entry {
    // A column that the model doesn't know is refused, unless it holds classes that are asked for.
    case .likelihood: data.strangeColumn == nil || comparesClasses
    case .clusters, .classification, .calibration: data.hasClasses
    case .imputation: true
    // Of others it is not known which data set the probe should be fitted on.
    case .probe: data.isKnown && data.hasClasses
    case .modes: data.hasModes
    case .disentanglement: data.hasFactors
    case .robustness: data.strangeColumn == nil
    }
  }

  private func way(_ data: ScoreData) -> JSONValue {
    let body = body(data)
    return .record([
      "dataset": .string(data.name),
      "request": body.map { .record(["method": .string("POST"), "path": .string("/v1/admin/runs"), "body": $0]) } ?? .null,
      // Only what every build knows by its name is there for a command, too.
      "command": .string(orNull: data.isKnown ? command(data) : nil),
    ])
  }

  /// nil for what only a command does.
  private func body(_ data: ScoreData) -> JSONValue? {
    let members: KeyValuePairs<String, JSONValue?>
    switch entry {
    case .likelihood: members = ["labels": .string(orNil: comparesClasses ? data.strangeColumn : nil), "k": .integer(Self.draws)]
    case .clusters, .classification, .calibration: members = ["labels": .string(orNil: data.labels), "k": .integer(0)]
    case .imputation: members = ["masks": .string("half"), "k": .integer(Self.draws)]
    case .probe: members = ["probe": .bool(true), "k": .integer(0)]
    case .modes: members = ["samples": .integer(JobRequest.standardSamples), "k": .integer(0)]
    case .robustness: members = ["items": .integer(JobRequest.standardItems)]
    case .disentanglement: return nil
    }
    guard case .object(let own) = JSONValue.record(members) else { return nil }
    let head = JSONValue.record([
      "kind": .string(entry.kind.rawValue), "model": .string(version.id), "dataset": .string(data.name), "file": .string(orNil: data.file),
    ])
    guard case .object(let common) = head else { return nil }
    return .object(common + own + [.init(name: "seed", value: .integer(Self.seed))])
  }

  /// What does the same to a store on this machine.
  private func command(_ data: ScoreData) -> String {
    let tail = "\(version.id) --data \(data.name)"
    return switch entry {
    case .likelihood: "posterior evaluate \(tail) --k \(Self.draws) --seed \(Self.seed)"
    case .clusters, .classification, .calibration: "posterior evaluate \(tail) --k 0 --seed \(Self.seed)"
    case .imputation: "posterior evaluate \(tail) --masks half --k \(Self.draws) --seed \(Self.seed)"
    case .probe: "posterior evaluate \(tail) --probe --k 0 --seed \(Self.seed)"
    case .modes: "posterior evaluate \(tail) --samples \(JobRequest.standardSamples) --k 0 --seed \(Self.seed)"
    case .disentanglement: "posterior disentanglement \(tail) --seed \(Self.seed)"
    case .robustness: "posterior attack \(tail) --items \(JobRequest.standardItems) --seed \(Self.seed)"
    }
  }
}

extension JSONValue {
  /// Nothing, where there is none: `record` leaves it out.
  fileprivate static func string(orNil value: String?) -> JSONValue? { value.map(JSONValue.string) }
}
