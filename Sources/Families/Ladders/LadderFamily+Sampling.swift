internal import Distributions
package import Modelling
internal import Networks
package import Tensors

extension LadderFamily {
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    let sources = try sources(options.given)
    var z: [Tensor] = []
    for (layer, source) in sources.enumerated() {
      let own = keys.split("latent").split(layer)
      switch source {
      case .prior: z.append(network.prior(layer).sample(own, latent: ladder.layers[layer].latent, temperature: options.temperature))
      case .component(let component): z.append(try draw(component, of: layer, own, temperature: options.temperature))
      case .item(let item): z.append(try code(of: item, layer, rows: keys.count))
      }
    }
    let heads = decode(network, z, .evaluation)
    return options.mean ? ladder.observation.mean(heads) : ladder.observation.sample(heads, keys: keys.split("observation"))
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
      _ = try self.component(component, of: layer, field: "given.cluster")
      sources[layer] = .component(component)
    case .text: throw Fault(field: "given.text", given: "a text", expected: "no text: a \(Self.name) draws none")
    case .layers(let given):
      guard given.count == count else {
        throw Fault(field: "given.layers", given: "\(given.count) layers", expected: "\(count), the one nearest the data first")
      }
      sources = given
    }
    return sources
  }

  /// A component of a layer's mixture: [1, latent] each.
  private func component(_ component: Int, of layer: Int, field: String) throws(Fault) -> (mean: Tensor, deviation: Tensor) {
    guard case .mixture(let mixture) = network.prior(layer) else {
      throw Fault(field: field, given: "cluster \(component)", expected: "no cluster: the priors of a \(Self.name) have one component")
    }
    let (count, latent) = (mixture.means.shape[1], mixture.means.shape[2])
    guard (0..<count).contains(component) else {
      throw Fault(
        field: field, given: "cluster \(component)",
        expected: count == 1 ? "0, the only cluster of layer \(layer)" : "0 to \(count - 1) in layer \(layer)")
    }
    func row(_ tensor: Tensor) -> Tensor { tensor.reshaped([count, latent]).slice(0, component..<component + 1) }
    return (row(mixture.means), row(mixture.deviations))
  }

  private func draw(_ component: Int, of layer: Int, _ keys: RowKeys, temperature: Float) throws(Fault) -> Tensor {
    let (mean, deviation) = try self.component(component, of: layer, field: "given.layers")
    // The noise of a mixture's draw, so that a cluster named is the cluster drawn.
    return mean + keys.split("position").normal(mean.shape[1]) * (deviation * temperature)
  }

  /// An item's posterior mean of one layer, once a row: [rows, latent].
  private func code(of item: [Float], _ layer: Int, rows: Int) throws(Fault) -> Tensor {
    guard item.count == signature.width else {
      throw Fault(field: "given.layers", given: "an item of \(item.count) numbers", expected: "\(signature.width) numbers")
    }
    let x = Tensor(shape: [1, item.count], scalars: item)
    return posteriors(network, ladder.observation.shown(x), .evaluation)[layer].mean.gather([Int](repeating: 0, count: rows))
  }
}
