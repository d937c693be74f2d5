internal import Distributions
package import Modelling
internal import Networks
package import Tensors

extension SemiSupervised: Sampling {
  package func sample(_ keys: RowKeys, _ options: SampleOptions) throws(Fault) -> Tensor {
    let (choice, source) = try sources(options.given)
    let (n, temperature) = (keys.count, options.temperature)
    func all(_ component: Int) -> [Int] { [Int](repeating: component, count: n) }
    let classes: [Int]
    let z: Tensor
    switch source {
    case .item(let item):
      let x = configuration.observation.shown(Tensor(shape: [1, item.count], scalars: item))
      let recognition = recognise(network, x, keys: nil, .evaluation)
      let own = recognition.logits.argmaxRows()[0]
      z = posterior(network, recognition, ClassPairs(classes: [own], components: componentCount), .evaluation).mean.gather(
        [Int](repeating: 0, count: n))
      classes = all(choice?.component ?? own)
    case .code:
      z = source.code(rows: n, latent: configuration.latent) { $0 }
      classes = choice.map { all($0.component) } ?? self.classes(keys, of: z)
    case .prior, .component:
      if Variant.has(.classOnCode) {
        z = try choice.map { choice throws(Fault) in try codes(of: choice, keys, temperature: temperature) } ?? codes(keys, temperature: temperature)
        classes = choice.map { all($0.component) } ?? self.classes(keys, of: z)
      } else {
        classes = choice.map { all($0.component) } ?? self.classes(keys)
        let prior = prior(network, of: classes)
        z = prior.mean + prior.deviation * keys.split("latent").normal(configuration.latent) * temperature
      }
    }
    let pairs = ClassPairs(classes: classes, components: componentCount)
    return configuration.observation.items(
      decode(network, z, auxiliaryDraw(z, pairs, keys, temperature: temperature), pairs, .evaluation), keys: keys, options)
  }

  /// Draws of p(y).
  func classes(_ keys: RowKeys) -> [Int] {
    Categorical(logits: Tensor(logPrior).reshaped([1, componentCount]).expanded(to: [keys.count, componentCount])).sampleIndices(keys.split("class"))
  }

  /// Draws of p(y|z), which is p(y) where y doesn't depend on z.
  private func classes(_ keys: RowKeys, of z: Tensor) -> [Int] {
    logClasses(network, of: z, .evaluation).map { Categorical(logits: $0).sampleIndices(keys.split("class")) } ?? classes(keys)
  }

  /// Draws of p(z), a standard normal.
  private func codes(_ keys: RowKeys, temperature: Float) -> Tensor { keys.split("latent").normal(configuration.latent) * temperature }

  /// Draws of p(a|z, y), where items depend on a.
  private func auxiliaryDraw(_ z: Tensor, _ pairs: ClassPairs, _ keys: RowKeys, temperature: Float) -> Tensor? {
    guard Variant.has(.itemOnAuxiliary), let p = auxiliaryPrior(network, z, z, pairs, .evaluation) else { return nil }
    return p.mean + p.deviation * keys.split("auxiliary").normal(configuration.auxiliary) * temperature
  }
}

// MARK: - What is asked for

extension SemiSupervised {
  /// A component, and the field of a request that names it.
  typealias Choice = (component: Int, field: String)

  /// The component that items are of, where one is chosen, and where the one layer's latent variables come from.
  private func sources(_ condition: SampleCondition) throws(Fault) -> (choice: Choice?, source: LayerSource) {
    switch condition {
    case .nothing: return (nil, .prior)
    case .label(let name): return (try choice(.label(name)), .prior)
    case .component(let component, let layer):
      guard layer ?? 0 == 0 else { throw Fault(field: "given.layer", given: "\(layer ?? 0)", expected: "0, the only layer") }
      return (try choice(.component(component)), .prior)
    case .layers(let sources):
      try sources.check(widths: [configuration.latent], items: signature.width)
      guard case .component(let component) = sources[0] else { return (nil, sources[0]) }
      return (try checked(component, field: "given.layers[0].cluster"), .prior)
    case .classed(let choice, let sources):
      guard Variant.has(.itemOnClass) else {
        throw Fault(
          field: choice.field, given: "one beside layers", expected: "one of them: items of a \(Self.name) depend on their class through z alone")
      }
      try sources.check(widths: [configuration.latent], items: signature.width)
      if case .component(let component) = sources[0] {
        throw Fault(field: "given.layers[0].cluster", given: "\(component) beside \(choice.field)", expected: "one of them")
      }
      return (try self.choice(choice), sources[0])
    case .text: throw Fault(field: "given.text", given: "a text", expected: "no text: this model draws none")
    }
  }

  private func choice(_ choice: ClassChoice) throws(Fault) -> Choice {
    switch choice {
    case .component(let component): return try checked(component, field: choice.field)
    case .label(let name):
      guard let classes = signature.classes else {
        throw Fault(field: choice.field, given: "\"\(name)\"", expected: "a cluster: this model learnt from no labels")
      }
      guard let component = classes.firstIndex(of: name) else {
        throw Fault(field: choice.field, given: "\"\(name)\"", expected: "one of \(classes.joined(separator: ", "))")
      }
      return (component, choice.field)
    }
  }

  private func checked(_ component: Int, field: String) throws(Fault) -> Choice {
    guard (0..<componentCount).contains(component) else {
      throw Fault(field: field, given: "\(component)", expected: "0 to \(componentCount - 1)")
    }
    return (component, field)
  }
}
