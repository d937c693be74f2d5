internal import Modelling
internal import Networks
internal import Tensors

extension Module {
  /// The same network with the moments of batch normalisation collected in one pass over all items, since those of training lag behind the weights.
  ///
  /// - Parameter pass: takes a batch of items, in model units, through the network.
  func collectingMoments(of data: TrainingData, key: RandomKey, _ pass: (_ network: Self, _ values: Tensor, Mode, RowKeys) -> Void) -> Self {
    let size = min(max(data.batchSize, 2), data.count)
    // The rows that are left over would weigh as much as a whole batch.
    return averagingBuffers(over: data.count / size) { network, batch, mode in
      let rows = batch * size..<(batch + 1) * size
      pass(network, data[Array(rows)], mode, RowKeys(key, rows: rows))
    }
  }
}
