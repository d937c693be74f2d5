internal import Data
internal import Formats
internal import Modelling
internal import Networks
internal import Optimisation
internal import Tensors

/// Takes a learner through the epochs of a recipe, whatever it learns and however.
struct TrainingLoop<Family: Trainable>: Sendable {
  let recipe: Recipe
  let data: DataSet
  let learner: Family.OwnLearner
  var state: TrainingState<Family>
  private let key: RandomKey
  private let training: TrainingData
  /// Of the items of an epoch: those without a label, or all of them where every one has a label.
  private let order: EpochOrder
  /// Of the items held out.
  private let validationOrder: EpochOrder
  private var labelled: LabelledBatches?
  /// Of the items held out, where every item to learn from is labelled, by their place in the data; else they are hidden too.
  private let heldOutClasses: [Int: Int]
  /// The number of every item of the data, as learners know it.
  private let numbers: [Int]
  private let notes: [String]

  init(_ recipe: Recipe, data: DataSet) throws {
    self.recipe = recipe
    let key = RandomKey(seed: recipe.seed)
    self.key = key
    let (learnt, heldOut) = try Self.split(recipe, data, key: key.split("validation split"))
    let seen = data.seen(in: learnt)
    notes = try Self.notes(data, learnt, seen: seen)
    let standardised = data.standardised(over: learnt)
    self.data = standardised
    numbers = (learnt + heldOut).enumerated().reduce(into: [Int](repeating: 0, count: data.count)) { $0[$1.element] = $1.offset }

    let kept = try Self.keptLabels(recipe, data, learnt)
    labelled = kept.map { LabelledBatches($0, size: recipe.labels?.batchSize ?? recipe.batchSize, key: key.split("labelled shuffle")) }
    let withLabel = Set(kept?.items ?? [])
    let epochItems = withLabel.count == learnt.count ? learnt : learnt.filter { !withLabel.contains($0) }
    heldOutClasses = withLabel.count == learnt.count ? Self.classes(of: heldOut, in: standardised, as: kept?.classes ?? []) : [:]
    try Self.checkEveryLabel(kept, learnt: learnt, heldOut: heldOut.count, knownHeldOut: heldOutClasses.count)
    order = EpochOrder(epochItems, batchSize: recipe.batchSize, data.order, key: key.split("shuffle"))
    let isStream = data.order == .stream
    validationOrder = EpochOrder(heldOut, batchSize: isStream ? recipe.batchSize : Self.validationRows, data.order, key: key)
    let (allNumbers, codes) = (numbers, kept.map { Array(zip($0.items, $0.codes)) } ?? [])
    let numbered = learnt + heldOut
    training = TrainingData(
      count: learnt.count, heldOut: heldOut.count, batchSize: order.rows, labelled: codes.map { (item: allNumbers[$0], code: $1) }
    ) { standardised.batch($0.map { numbered[$0] }) }

    var signature = standardised.signature
    if let classes = kept?.classes, !classes.isEmpty { signature.classes = classes }
    signature.seen = seen
    let (model, learner) = try Self.model(recipe, signature, key: key.split("weights"))
    try Self.check(standardised, for: model)
    try recipe.augmentation?.check(signature)
    guard recipe.epochs > learner.epochsBeforeComparison else {
      throw Fault(
        field: "epochs", given: "\(recipe.epochs)", expected: "more than \(learner.epochsBeforeComparison), which the phases before the last one take"
      )
    }
    self.learner = learner
    state = TrainingState(learner: try learner.start(training, key: key.split("start")))
  }

  private static var validationRows: Int { 512 }

  /// The labels that this run learns from.
  var keptLabels: LabelSelection.Kept? { labelled?.kept }

  /// Batches an epoch.
  var steps: Int { order.batches }

  var summary: TrainingSummary {
    TrainingSummary(
      family: Family.name, data: data.name, items: training.count, validationItems: validationOrder.items.count,
      parameters: state.learner.parameterCount, epochs: recipe.epochs, firstEpoch: state.epoch + 1, notes: notes)
  }

  /// The best model of the validation, or the last one without validation, as the learner leaves it.
  var finishedModel: Family {
    var model = learner.model(state.learner)
    if let best = state.best { model.network = best.network }
    return learner.finished(model, training, key: key.split("finish"))
  }

  /// Whether validation has found no better state for as long as the recipe waits.
  private var isOutOfPatience: Bool {
    guard let patience = recipe.patience, let best = state.best else { return false }
    return state.epoch - best.epoch >= patience
  }

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
      let items = order.epoch(state.epoch)
      while state.batch < steps {
        if shouldStop() {
          try save(self)
          throw TrainingError.stopped
        }
        let batch = Array(items[order.range(of: state.batch)])
        try step(batch)
        learnt += batch.count
        let speed = Double(learnt) / (clock.now - start).seconds
        let left = (recipe.epochs - state.epoch) * order.count - min(state.batch * order.rows, order.count)
        try observe(
          .step(
            StepReport(
              epoch: state.epoch + 1, epochs: recipe.epochs, step: state.batch, steps: steps, terms: state.sums.means, itemsPerSecond: speed,
              secondsLeft: Double(left) / speed)))
      }
      // A last step can spoil the weights without a loss to show it; neither checkpoint nor model file may hold such weights.
      guard learner.model(state.learner).network.leaves.allSatisfy(\.tensor.isFinite) else {
        throw TrainingError.diverged(epoch: state.epoch + 1, step: state.batch)
      }
      let seconds = (clock.now - epochStart).seconds
      let speed = Double(order.count - firstBatch * order.rows) / seconds
      try observe(.epochFinished(finishEpoch(seconds: seconds, itemsPerSecond: speed)))
      try save(self)
    }
    if state.epoch < recipe.epochs, let best = state.best { try observe(.stoppedEarly(epoch: state.epoch, best: best.epoch)) }
  }

  /// One batch. Labelled items stand after those of the epoch, unless every item has a label.
  private mutating func step(_ items: [Int]) throws {
    if state.batch == 0 { try learner.begin(epoch: state.epoch, &state.learner, training, key: key.split("revision").split(state.epoch)) }
    let number = state.epoch * steps + state.batch
    let (known, codes) = labelled?.batch(number) ?? ([], [])
    let rows = labelled?.kept.items.count == training.count ? known : items + known
    let labels = BatchLabels(classes: codes, labelledItems: labelled?.kept.items.count ?? 0, items: training.count)
    let values = augmented(data.batch(rows), rows, step: number)
    let batch = Batch(values, lengths: data.lengths(of: values), items: rows.map { numbers[$0] }, labels: labels, weight: items.count)
    // Below the next whole number, whatever rounding does.
    let epoch = min(Float(state.epoch) + Float(state.batch) / Float(steps), Float(state.epoch + 1).nextDown)
    let own = key.split("step").split(number)
    let pass = Pass(
      key: own, keys: RowKeys(own, rows: 0..<rows.count), epoch: epoch, step: number, items: training.count,
      rateFactor: recipe.schedule.factor(at: epoch, of: recipe.epochs), isFirst: state.batch == 0 || data.order != .stream)
    let terms: [Term]
    do { terms = try learner.step(&state.learner, batch, pass) } catch is Divergence {
      throw TrainingError.diverged(epoch: state.epoch + 1, step: state.batch + 1)
    }
    guard state.sums.add(terms, weight: items.count) else {
      throw TrainingError.invalid("the checkpoint's sums are \(state.sums.names), expected \(terms.map(\.name))")
    }
    state.batch += 1
  }

  /// Images under the recipe's random maps, which hang on the step and on the item's place in the data.
  private func augmented(_ values: Tensor, _ items: [Int], step: Int) -> Tensor {
    guard let augmentation = recipe.augmentation, let picture = data.signature.space.picture else { return values }
    let key = key.split("augmentation").split(step)
    return augmentation(values, of: picture, keys: RowKeys.joined(items.map { RowKeys(key, rows: $0..<$0 + 1) }))
  }

  private mutating func finishEpoch(seconds: Double, itemsPerSecond: Double) throws -> EpochReport {
    let terms = state.sums.means
    let validation = try validation()
    state.epoch += 1
    state.batch = 0
    state.sums = TermSums()
    var isBest = false
    let value = validation.first { $0.name == learner.criterion.term }?.value
    if let value, state.epoch > learner.epochsBeforeComparison, learner.criterion.prefers(value, to: state.best?.value ?? learner.criterion.worst) {
      state.best = TrainingState.Best(network: learner.model(state.learner).network, epoch: state.epoch, value: value)
      isBest = true
    }
    let rate = Double(recipe.optimiser.rate * recipe.schedule.factor(at: Float(state.epoch), of: recipe.epochs))
    return EpochReport(
      epoch: state.epoch, epochs: recipe.epochs, terms: terms, validation: validation, criterion: value, isBest: isBest, rate: rate,
      itemsPerSecond: itemsPerSecond, seconds: seconds)
  }

  /// Means over the items held out, under noise that is the same in every epoch; none without such items.
  private func validation() throws -> [(name: String, value: Double)] {
    let noise = key.split("validation noise")
    let (items, epoch) = (data.order == .stream ? validationOrder.epoch(0) : validationOrder.items, Float(state.epoch + 1))
    var (copy, sums) = (state.learner, TermSums())
    for number in 0..<validationOrder.batches {
      let rows = validationOrder.range(of: number)
      let classes = items[rows].compactMap { heldOutClasses[$0] }
      let values = data.batch(items[rows])
      let batch = Batch(
        values, lengths: data.lengths(of: values), items: items[rows].map { numbers[$0] },
        labels: classes.count == rows.count ? BatchLabels(classes: classes, labelledItems: rows.count, items: rows.count) : BatchLabels())
      let pass = Pass(
        key: noise, keys: RowKeys(noise, rows: rows), epoch: epoch, step: (state.epoch + 1) * steps, items: training.count,
        isFirst: number == 0 || data.order != .stream)
      guard sums.add(try learner.validation(&copy, batch, pass), weight: rows.count) else {
        throw TrainingError.invalid("the terms of the validation of \(Family.name) are not the same in every batch")
      }
    }
    guard sums.isEmpty || state.epoch < learner.epochsBeforeComparison || sums.names.contains(learner.criterion.term) else {
      throw TrainingError.invalid("the validation of \(Family.name) has no \(learner.criterion.term): it has \(sums.names)")
    }
    return sums.means
  }
}

extension Duration {
  fileprivate var seconds: Double { self / .seconds(1) }
}
