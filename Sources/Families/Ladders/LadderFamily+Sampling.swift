internal import Distributions
package import Modelling
internal import Networks
package import Tensors

extension LadderFamily {
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    var codes: [Tensor] = []
    for (layer, source) in try sources(options.given).enumerated() {
      if case .component(let component) = source {
        codes.append(try draw(component, of: layer, keys.split("latent").split(layer), temperature: options.temperature))
      } else {
        codes.append(
          source.code(rows: keys.count, latent: latentWidths[layer]) { posteriors(network, ladder.observation.shown($0), .evaluation)[layer].mean })
      }
    }
    return decode(codes, keys: keys, options)
  }

  package func decode(_ codes: [Tensor], keys: RowKeys, _ options: SampleOptions) -> Tensor {
    let z = codes.enumerated().map { layer, code in
      code.filled { network.prior(layer).sample(keys.split("latent").split(layer), latent: latentWidths[layer], temperature: options.temperature) }
    }
    return ladder.observation.items(decode(network, z, .evaluation), keys: keys, options)
  }

  /// Where each layer's latent variables come from.
  private func sources(_ given: SampleCondition) throws(Fault) -> [LayerSource] {
    let count = ladder.layers.count
    var sources = [LayerSource](repeating: .prior, count: count)
    switch given {
    case .nothing: break
    case .label(let label):
      throw Fault(field: "given.label", given: "\"\(label)\"", expected: "no label: a \(Self.name) learns no classes")
    case .component(let component, let layer):
      guard let layer = layer ?? (count == 1 ? 0 : nil) else {
        throw Fault(field: "given.layer", given: "nothing", expected: "0 to \(count - 1) beside a cluster, the layer nearest the data being 0")
      }
      guard sources.indices.contains(layer) else {
        throw Fault(field: "given.layer", given: "\(layer)", expected: count == 1 ? "0, the only layer" : "0 to \(count - 1)")
      }
      try mixture(with: component, of: layer, field: "given.cluster")
      sources[layer] = .component(component)
    case .text: throw Fault(field: "given.text", given: "a text", expected: "no text: a \(Self.name) draws none")
    case .classed(let choice, _):
      throw Fault(field: choice.field, given: "one beside layers", expected: "one of them: given.layers has clusters of its own")
    case .layers(let given):
      try given.check(widths: latentWidths, items: signature.width)
      sources = given
    }
    return sources
  }

  /// The mixture that a layer has, with a component of that number.
  @discardableResult
  private func mixture(with component: Int, of layer: Int, field: String) throws(Fault) -> GaussianMixture {
    guard case .mixture(let mixture) = network.prior(layer) else {
      throw Fault(field: field, given: "cluster \(component)", expected: "no cluster: the priors of a \(Self.name) have one component")
    }
    let count = mixture.means.shape[1]
    guard (0..<count).contains(component) else {
      throw Fault(
        field: field, given: "cluster \(component)",
        expected: count == 1 ? "0, the only cluster of layer \(layer)" : "0 to \(count - 1) in layer \(layer)")
    }
    return mixture
  }

  /// The draws of a mixture that chose this component in every row, so that a cluster named is the cluster drawn.
  private func draw(_ component: Int, of layer: Int, _ keys: RowKeys, temperature: Float) throws(Fault) -> Tensor {
    try mixture(with: component, of: layer, field: "given.layers").widened(by: temperature).sample(
      keys, of: [Int](repeating: component, count: keys.count))
  }
}
