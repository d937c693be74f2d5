package import Networks
package import Tensors

/// Where in a run a batch stands, and where its random numbers come from.
package struct Pass: Sendable {
  /// How layers behave; a gradient is taken in training.
  package var mode: Mode
  /// Of draws that belong to no row, such as noise on weights.
  package let key: RandomKey
  /// Of the draws of each row.
  package let keys: RowKeys
  /// Epochs finished, with the fraction of the current one.
  package private(set) var epoch: Float
  /// Batches learnt from so far.
  package let step: Int
  /// Items of the whole training set; 0 where a batch is all there is.
  package let items: Int
  /// What the schedule multiplies the optimiser's rate by.
  package private(set) var rateFactor: Float
  /// Whether no row goes on where one of the batch before it ended: in the first batch of an epoch or of a validation, and in all of items that are
  /// no stream.
  package let isFirst: Bool

  package init(
    mode: Mode = .evaluation, key: RandomKey = RandomKey(seed: 0), keys: RowKeys, epoch: Float, step: Int = 0, items: Int = 0, rateFactor: Float = 1,
    isFirst: Bool = false
  ) {
    (self.mode, self.key, self.keys) = (mode, key, keys)
    (self.epoch, self.step, self.items) = (epoch, step, items)
    (self.rateFactor, self.isFirst) = (rateFactor, isFirst)
  }

  /// The same pass with layers in another mode.
  package func `in`(_ mode: Mode) -> Pass {
    var pass = self
    pass.mode = mode
    return pass
  }

  /// The same pass in a phase that began after some epochs.
  package func after(epochs: Int) -> Pass {
    var pass = self
    pass.epoch -= Float(epochs)
    return pass
  }

  /// The same pass at another multiple of the optimiser's rate.
  package func scalingRate(by factor: Float) -> Pass {
    var pass = self
    pass.rateFactor *= factor
    return pass
  }
}
