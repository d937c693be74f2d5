internal import Data
internal import Formats
internal import Foundation
internal import Modelling
internal import Networks
internal import Tensors

/// The state of a run between two steps; with the recipe and the data it decides everything that follows.
struct TrainingState<Family: Trainable>: Sendable {
  var network: Family.Network
  var optimiser: OptimiserState
  /// Epochs finished.
  var epoch = 0
  /// Batches of the current epoch already learnt from.
  var batch = 0
  /// Sums of the objective's terms over the current epoch, weighted by items.
  var sums: [Sum] = []
  var best: Best?

  struct Sum: Sendable, Equatable, Codable {
    let name: String
    var value: Double
  }

  struct Best: Sendable {
    let network: Family.Network
    let epoch: Int
    let bound: Double
  }
}

struct TrainingLoop<Family: Trainable>: Sendable {
  let recipe: Recipe
  let data: DataSet
  let trainingOptions: Family.TrainingOptions
  private let model: Family
  private let key: RandomKey
  private let trainingItems: [Int]
  /// The items that an epoch goes through: those without a label, or all of them where every one has a label.
  private let epochItems: [Int]
  private let validationItems: [Int]
  private let labelled: LabelledBatches?
  private let notes: [String]
  var state: TrainingState<Family>

  init(_ recipe: Recipe, data: DataSet) throws {
    guard data.count > 0 else { throw TrainingError.invalid("\(data.name) has no items to learn from") }
    guard recipe.validation < data.count else {
      throw TrainingError.invalid("validation is \(recipe.validation) items, expected fewer than the \(data.count) of \(data.name)")
    }
    self.recipe = recipe
    key = RandomKey(seed: recipe.seed)
    let order = key.split("validation split").permutation(data.count)
    validationItems = order.prefix(recipe.validation).sorted()
    trainingItems = order.dropFirst(recipe.validation).sorted()
    let columns = data.columnSummaries(over: trainingItems) ?? []
    if let empty = columns.first(where: { $0.observed == 0 }) {
      throw TrainingError.invalid("the column \"\(empty.name)\" of \(data.name) has no value to learn from: leave it out of data.columns")
    }
    notes = Self.notes(columns, data, trainingItems)
    self.data = data.standardised(over: trainingItems)
    let kept = try Self.keptLabels(recipe, data, trainingItems)
    let (size, shuffle) = (recipe.labels?.batchSize ?? recipe.batchSize, key.split("labelled shuffle"))
    labelled = kept.map { LabelledBatches($0, size: size, key: shuffle) }
    let withLabel = Set(kept?.items ?? [])
    let learnt = trainingItems
    epochItems = withLabel.count == learnt.count ? learnt : learnt.filter { !withLabel.contains($0) }
    var signature = self.data.signature
    if let classes = kept?.classes, !classes.isEmpty { signature.classes = classes }
    let configuration = try Self.decode(Family.Configuration.self, "configuration", recipe.configuration)
    let options = try Self.decode(Family.TrainingOptions.self, "training", recipe.training)
    let weights = key.split("weights")
    let model = try Self.inField("configuration") { () throws(Fault) in
      try Family(configuration, signature: signature, key: weights)
    }
    try Self.inField("training") { () throws(Fault) in try model.check(options) }
    try Self.check(self.data, for: model)
    trainingOptions = options
    self.model = model
    state = TrainingState(network: model.network, optimiser: OptimiserState(recipe.optimiser, for: model.network))
  }

  /// The labels that the recipe lets the family learn from; nil where it names none.
  private static func keptLabels(_ recipe: Recipe, _ data: DataSet, _ items: [Int]) throws -> LabelSelection.Kept? {
    guard let selection = recipe.labels else { return nil }
    guard Family.learnsFromLabels else {
      throw TrainingError.invalid("the family \(Family.name) learns from no labels: leave labels out of the recipe")
    }
    guard let labels = data.labels else { throw TrainingError.invalid("\(data.name) was read without its classes") }
    return try selection.kept(of: labels, among: items)
  }

  /// The labels that this run learns from.
  var keptLabels: LabelSelection.Kept? { labelled?.kept }

  /// What of a table teaches nothing or little.
  private static func notes(_ columns: [DataSet.ColumnSummary], _ data: DataSet, _ items: [Int]) -> [String] {
    guard !columns.isEmpty else { return [] }
    let constant = columns.filter { $0.smallest == $0.largest }.map(\.name)
    var notes: [String] = []
    if items.count == 1 { notes.append("there is one row to learn from: every column has one value, and no spread can be learnt") }
    if !constant.isEmpty, items.count > 1 {
      let names = constant.prefix(10).joined(separator: ", ") + (constant.count > 10 ? " and \(constant.count - 10) more" : "")
      notes.append("the same value in every row that has one: \(names)")
    }
    if let empty = data.emptyRows, empty > 0 { notes.append("rows without any value, which teach nothing: \(empty) of \(data.count)") }
    return notes
  }

  /// Whether the validation bound has not risen for as long as the recipe waits.
  private var isOutOfPatience: Bool {
    guard let patience = recipe.patience, let best = state.best else { return false }
    return state.epoch - best.epoch >= patience
  }

  /// Every item, so that the first bad one is named before an epoch is spent. Bytes are within the range of their signature by themselves.
  private static func check(_ data: DataSet, for model: Family) throws {
    guard case .floats = data.storage else { return }
    let block = 512
    for start in stride(from: 0, to: data.count, by: block) {
      let items = data.batch(start..<min(start + block, data.count))
      let isSound = Family.learnsFromMixedTables ? !items.scalars.contains(where: \.isInfinite) : items.isFinite
      guard isSound else { throw TrainingError.invalid("\(data.name) holds values that are not finite") }
      try inField("configuration") { () throws(Fault) in try model.check(items: items) }
    }
  }

  /// A part of the recipe; errors name its fields as the recipe has them.
  private static func decode<Value: Decodable>(_ type: Value.Type, _ part: String, _ value: JSONValue) throws(JSONError) -> Value {
    do { return try StrictJSON.decode(type, from: value) } catch {
      // The sentence of a nameless error begins with "the document".
      let (field, detail) = error.field.isEmpty ? (part, "\(part): \(error.detail)") : ("\(part).\(error.field)", "\(part).\(error.detail)")
      throw JSONError(error.reason, field: field, given: error.given, expected: error.expected, detail: detail)
    }
  }

  private static func inField<Result>(_ part: String, _ body: () throws(Fault) -> Result) throws(Fault) -> Result {
    do { return try body() } catch {
      guard !error.field.hasPrefix("signature.") else { throw error }
      throw error.inside(part)
    }
  }

  var summary: TrainingSummary {
    TrainingSummary(
      family: Family.name, data: data.name, items: trainingItems.count, validationItems: validationItems.count,
      parameters: state.network.parameterCount, epochs: recipe.epochs, firstEpoch: state.epoch + 1, notes: notes)
  }

  /// The network of the best validation bound, or the last one without validation.
  var bestModel: Family {
    var copy = model
    copy.network = state.best?.network ?? state.network
    return copy
  }

  /// Batches an epoch.
  var steps: Int { (epochItems.count + recipe.batchSize - 1) / recipe.batchSize }

  /// Trains the epochs that are left.
  mutating func run(
    observe: (TrainingEvent) throws -> Void, save: (TrainingLoop) throws -> Void, shouldStop: () -> Bool
  ) throws {
    let clock = ContinuousClock()
    let start = clock.now
    var learnt = 0
    while state.epoch < recipe.epochs, !isOutOfPatience {
      let epochStart = clock.now
      let firstBatch = state.batch
      if firstBatch == 0 { revise() }
      let order = key.split("shuffle").split(state.epoch).permutation(epochItems.count)
      while state.batch < steps {
        if shouldStop() {
          try save(self)
          throw TrainingError.stopped
        }
        let batch = order[state.batch * recipe.batchSize..<min((state.batch + 1) * recipe.batchSize, order.count)].map { epochItems[$0] }
        try step(batch)
        learnt += batch.count
        let speed = Double(learnt) / (clock.now - start).seconds
        let left = (recipe.epochs - state.epoch) * epochItems.count - min(state.batch * recipe.batchSize, epochItems.count)
        try observe(
          .step(
            StepReport(
              epoch: state.epoch + 1, epochs: recipe.epochs, step: state.batch, steps: steps, terms: meanTerms, itemsPerSecond: speed,
              secondsLeft: Double(left) / speed)))
      }
      // A last step can spoil the weights without a loss to show it; neither checkpoint nor model file may hold such weights.
      guard state.network.leaves.allSatisfy(\.tensor.isFinite) else { throw TrainingError.diverged(epoch: state.epoch + 1, step: state.batch) }
      let seconds = (clock.now - epochStart).seconds
      let items = epochItems.count - firstBatch * recipe.batchSize
      try observe(.epochFinished(finishEpoch(seconds: seconds, itemsPerSecond: Double(items) / seconds)))
      try save(self)
    }
    if state.epoch < recipe.epochs, let best = state.best { try observe(.stoppedEarly(epoch: state.epoch, best: best.epoch)) }
  }

  /// Lets the family set some of the network anew before an epoch.
  private mutating func revise() {
    let (data, trainingItems) = (data, trainingItems)
    let codes = (labelled?.kept).map { Dictionary(uniqueKeysWithValues: zip($0.items, $0.codes)) } ?? [:]
    let known = trainingItems.enumerated().compactMap { place, item in codes[item].map { (place: place, code: $0) } }
    let items = TrainingItems(count: trainingItems.count, labelled: known) { chosen in data.batch(chosen.map { trainingItems[$0] }) }
    let revised = model.revised(
      state.network, before: state.epoch, options: trainingOptions, key: key.split("revision").split(state.epoch), items: items)
    if let revised { state.network = revised }
  }

  /// One batch: gradient, clipping, optimiser. Labelled items stand after those of the epoch, unless every item has a label.
  private mutating func step(_ items: [Int]) throws {
    let number = state.epoch * steps + state.batch
    let epoch = Float(state.epoch) + Float(state.batch) / Float(steps)
    let (known, codes) = labelled?.batch(number) ?? ([], [])
    let rows = labelled?.kept.items.count == trainingItems.count ? known : items + known
    let keys = RowKeys(key.split("step").split(number), rows: 0..<rows.count)
    let batch = data.batch(rows)
    let labels = BatchLabels(classes: codes, labelledItems: labelled?.kept.items.count ?? 0, items: trainingItems.count)
    let count = trainingItems.count
    let gradient = try gradient(
      of: batch, pass: { TrainingPass(mode: $0, keys: keys, epoch: epoch, step: number, items: count, labels: labels) }, items: items.count)
    state.optimiser.update(
      &state.network, along: recipe.clipping(gradient), rate: recipe.optimiser.rate * recipe.schedule.factor(at: epoch, of: recipe.epochs))
    state.batch += 1
  }

  /// The loss's gradient; its terms are added to the epoch's sums. The history ends here, so that the optimiser finds the parameters unshared.
  private mutating func gradient(of batch: Tensor, pass: (Mode) -> TrainingPass, items: Int) throws -> Gradient<Family.Network> {
    let (objective, gradient) = valueAndGradient(at: state.network, loss: \.loss) { network, mode in
      model.objective(network, batch: batch, options: trainingOptions, pass: pass(mode))
    }
    guard objective.loss.isFinite else { throw TrainingError.diverged(epoch: state.epoch + 1, step: state.batch + 1) }
    if state.sums.isEmpty { state.sums = objective.terms.map { TrainingState.Sum(name: $0.name, value: 0) } }
    guard state.sums.map(\.name) == objective.terms.map(\.name) else {
      throw TrainingError.invalid("the checkpoint's sums are \(state.sums.map(\.name)), expected \(objective.terms.map(\.name))")
    }
    for (index, term) in objective.terms.enumerated() { state.sums[index].value += Double(term.value) * Double(items) }
    return gradient
  }

  private var meanTerms: [(name: String, value: Double)] {
    let seen = Double(min(state.batch * recipe.batchSize, epochItems.count))
    return state.sums.map { ($0.name, $0.value / seen) }
  }

  private mutating func finishEpoch(seconds: Double, itemsPerSecond: Double) -> EpochReport {
    let terms = meanTerms
    let bound = validationBound()
    state.epoch += 1
    state.batch = 0
    state.sums = []
    var isBest = false
    if let bound, bound > state.best?.bound ?? -.infinity {
      state.best = TrainingState.Best(network: state.network, epoch: state.epoch, bound: bound)
      isBest = true
    }
    let rate = Double(recipe.optimiser.rate * recipe.schedule.factor(at: Float(state.epoch), of: recipe.epochs))
    return EpochReport(
      epoch: state.epoch, epochs: recipe.epochs, terms: terms, validationBound: bound, isBest: isBest, rate: rate, itemsPerSecond: itemsPerSecond,
      seconds: seconds)
  }

  /// Mean bound of the held-out items under noise that is the same in every epoch; nil without such items.
  private func validationBound() -> Double? {
    guard !validationItems.isEmpty else { return nil }
    var model = model
    model.network = state.network
    let noise = key.split("validation noise")
    let block = 512
    var sum = 0.0
    for start in stride(from: 0, to: validationItems.count, by: block) {
      let rows = start..<min(start + block, validationItems.count)
      let bounds = model.validationBound(data.batch(validationItems[rows]), options: trainingOptions, keys: RowKeys(noise, rows: rows))
      sum = bounds.scalars.reduce(sum) { $0 + Double($1) }
    }
    return sum / Double(validationItems.count)
  }
}

extension Duration {
  fileprivate var seconds: Double { self / .seconds(1) }
}
