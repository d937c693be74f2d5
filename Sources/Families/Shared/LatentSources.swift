package import Modelling
internal import Tensors

extension SampleCondition {
  /// Where the latent variables of each layer come from, in a model whose priors have no components and whose items no classes.
  ///
  /// - Parameters:
  ///   - widths: latent variables of each layer, the one nearest the data first.
  ///   - items: numbers an item.
  package func sources(widths: [Int], items: Int) throws(Fault) -> [LayerSource] {
    switch self {
    case .nothing: return [LayerSource](repeating: .prior, count: widths.count)
    case .label(let label): throw Fault(field: "given.label", given: "\"\(label)\"", expected: "no label: this model learns no classes")
    case .component(let component, _):
      throw Fault(field: "given.cluster", given: "cluster \(component)", expected: "no cluster: the priors have one component")
    case .classed(let choice, _): throw Fault(field: choice.field, given: "there", expected: "no such field: this model learns no classes")
    case .text: throw Fault(field: "given.text", given: "a text", expected: "no text: this model draws none")
    case .layers(let sources):
      try sources.check(widths: widths, items: items)
      for case .component(let component) in sources {
        throw Fault(field: "given.layers", given: "cluster \(component)", expected: "no cluster: the priors have one component")
      }
      return sources
    }
  }
}

extension [LayerSource] {
  /// Refuses too few or too many of them, and items and codes of another size.
  func check(widths: [Int], items: Int) throws(Fault) {
    guard count == widths.count else {
      throw Fault(field: "given.layers", given: "\(count) layers", expected: "\(widths.count), the one nearest the data first")
    }
    for (layer, source) in enumerated() {
      switch source {
      case .prior, .component: continue
      case .item(let item):
        guard item.count == items else {
          throw Fault(field: "given.layers[\(layer)]", given: "an item of \(item.count) numbers", expected: "\(items) numbers")
        }
      case .code(let code):
        guard code.count == widths[layer] else {
          throw Fault(field: "given.layers[\(layer)].values", given: "\(code.count) numbers", expected: "\(widths[layer])")
        }
      }
    }
  }
}

extension LayerSource {
  /// The same code for every row, NaN where it is drawn from the prior: [rows, latent]; `mean` is the posterior mean of an item, [1, latent].
  func code(rows: Int, latent: Int, mean: (_ item: Tensor) -> Tensor) -> Tensor {
    switch self {
    case .prior, .component: .full([rows, latent], .nan)
    case .item(let item): mean(Tensor(shape: [1, item.count], scalars: item)).expanded(to: [rows, latent])
    case .code(let code): Tensor(shape: [1, latent], scalars: code).expanded(to: [rows, latent])
    }
  }
}

extension Tensor {
  /// Rows of NaN replaced by those of `drawn`: [n, latent] both; nothing is drawn where no row is.
  func filled(by drawn: () -> Tensor) -> Tensor {
    let (rows, width) = (shape[0], shape[1])
    let isUnknown = withScalars { x in (0..<rows).map { x[$0 * width].isNaN } }
    guard isUnknown.contains(true) else { return self }
    let drawn = drawn()
    guard isUnknown.contains(false) else { return drawn }
    return Tensor.concatenated([self, drawn]).gather((0..<rows).map { isUnknown[$0] ? rows + $0 : $0 })
  }
}

extension Observation {
  /// Items under p(x|z), by the purposes of `keys` that every family has.
  func items(_ heads: Heads, keys: RowKeys, _ options: SampleOptions) -> Tensor {
    options.mean ? mean(heads) : sample(heads, keys: keys.split("observation"))
  }
}
