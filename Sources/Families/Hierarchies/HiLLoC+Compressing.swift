package import Coding
internal import Distributions
package import Modelling
internal import Networks
package import Tensors

extension HiLLoC: HierarchicallyCompressing {
  package func levels() -> Int { ClosedLogistic.symbols }
  package var takesAnySize: Bool { true }

  package func bounds(_ x: Tensor, of items: Signature, keys: RowKeys) -> Tensor { score(x, images(items), draws: 1, keys: keys)[.elbo] }

  package func prepared() -> HiLLoC {
    var model = self
    model.network.prepare()
    return model
  }

  package func hierarchy(of items: Signature) -> ImageHierarchy { ImageHierarchy(model: self, size: images(items)) }
}

extension HiLLoC.Network {
  fileprivate mutating func prepare() {
    input = input.prepared()
    for layer in up.indices { (up[layer].first, up[layer].second) = (up[layer].first.prepared(), up[layer].second.prepared()) }
    for layer in down.indices { (down[layer].first, down[layer].second) = (down[layer].first.prepared(), down[layer].second.prepared()) }
  }
}

/// One image of some size as the codec meets it: layers from the top down.
package struct ImageHierarchy: CodedHierarchy {
  let model: HiLLoC
  let size: ByteImages

  package enum State {
    /// The way down before a layer.
    case before(DownState)
    /// What is below all layers.
    case bottom(Tensor)
  }

  package var layers: Int { model.configuration.layers }
  package var codes: Int { layers * model.configuration.latent * size.grid.height * size.grid.width }

  package func evidence(of item: [Int]) -> [LatentMap] {
    model.network.evidence(of: size.images(Tensor(shape: [1, item.count], scalars: item.map { Float($0) })), .evaluation)
  }

  package func top() -> State { .before(model.network.start(rows: 1, height: size.grid.height, width: size.grid.width, .evaluation)) }

  package func prior(_ layer: Int, _ state: State) throws(CodingError) -> Gaussians { try gaussians(before(state).prior) }

  package func posterior(_ layer: Int, _ state: State, _ evidence: [LatentMap]) throws(CodingError) -> Gaussians {
    try gaussians(evidence[place(layer)] + before(state).shift)
  }

  package func below(_ layer: Int, _ state: State, codes: [Float]) -> State {
    let (place, before) = (place(layer), before(state))
    let sum = model.network.sum(below: place, before, Tensor(shape: before.prior.mean.shape, scalars: codes), .evaluation)
    return place == 0 ? .bottom(sum) : .before(model.network.state(sum, place - 1, .evaluation))
  }

  package func likelihood(_ bottom: State) throws(CodingError) -> ClosedLogistic {
    guard case .bottom(let sum) = bottom else { preconditionFailure("a likelihood above the last layer") }
    let pixels = model.pixels(model.network, sum, size, .evaluation)
    return try ClosedLogistic(means: pixels.location.scalars, scale: pixels.logScale.exp().scalar, precision: ItemChain.symbolPrecision)
  }

  /// Networks count layers from the data up.
  private func place(_ layer: Int) -> Int { layers - 1 - layer }

  private func before(_ state: State) -> DownState {
    guard case .before(let before) = state else { preconditionFailure("a layer below the last one") }
    return before
  }

  private func gaussians(_ map: LatentMap) throws(CodingError) -> Gaussians {
    let normal = map.normal
    return try Gaussians(means: normal.mean.scalars, deviations: normal.deviation.scalars)
  }
}
