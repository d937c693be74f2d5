internal import Distributions
internal import Foundation
internal import Modelling
package import Networks
package import Optimisation
package import Tensors

// Phases of learning. The bound does not favour the classes: from a partition that is right it leads away while it rises. What the partition owes to
// knowledge of maps that leave a class alone is therefore learnt by q(y|x) first, and kept in the loss after that.
extension SemiSupervised {
  /// All that goes from one step to the next.
  package struct LearningState: PhaseState {
    package var player: Player<Network>
    /// The mixture that q(y|x) learns from, where a phase fits one.
    var codes: CodeMixture?
    /// The most consistent q(y|x) so far, where several mixtures are tried.
    var best: Recogniser?

    init(_ player: Player<Network>, codes: CodeMixture? = nil, best: Recogniser? = nil) {
      (self.player, self.codes, self.best) = (player, codes, best)
    }

    /// The network and its optimiser stand where they do without phases.
    package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) {
      player.visit(path, body)
      codes.visit(path.appendingName("codes"), body)
      best.visit(path.appendingName("best"), body)
    }
  }

  package func learner(_ options: TrainingOptions, _ descent: Descent) -> OwnLearner {
    guard !options.phases.isEmpty else {
      let bound = GradientLearner(self, options, descent).renewing { player, epoch, data, key in
        if let fitted = fitted(player.network, before: epoch, options: options, key: key, items: data) { player.network = fitted }
      }
      return PhasedLearner([.learning(epochs: 1, bound.learning(\.player) { LearningState($0) })])
    }
    let changes = PhaseChanges<LearningState, Self>(
      fit: { fitCodes(&$0, $1, $2) },
      keepBest: { state, data, _ in state.keepBest(inconsistency(state.player.network, options, data)) },
      takeBest: { state, _, _ in state.takeBest() },
      refit: { $0.player.network = refitted($0.player.network, items: $1, key: $2) })
    return PhasedLearner(
      ClassPhase.sequence(options.phases, changes) { ClassPhaseLearner(family: self, phase: $0, options: options, descent: descent) })
  }

  /// Another mixture, and q(y|x) as fresh as it was.
  private func fitCodes(_ state: inout LearningState, _ data: TrainingData, _ key: RandomKey) {
    var (next, codes) = fitted(state.player.network, key: key, items: data)
    (next.classifier, next.classifierOutput) = (network.classifier, network.classifierOutput)
    state.player.network = next
    state.codes = CodeMixture(codes)
  }

  /// Components with the moments of the codes under q(y|x), which may have left the mixture that it began as.
  func refitted(_ network: Network, items: TrainingData, key: RandomKey) -> Network {
    guard let mean = network.componentMean, let scale = network.componentScale else { return network }
    let (k, d) = (componentCount, configuration.latent)
    let chosen = Array(key.split("items").permutation(items.count).prefix(Self.fittedItems))
    var (counts, sums, squares) = ([Double](repeating: 0, count: k), [Double](repeating: 0, count: k * d), [Double](repeating: 0, count: k * d))
    let blocks = recognised(network, items, chosen, key.split("draws")) { recognition, keys in
      (
        recognition.logits.softmax().scalars,
        posterior(network, recognition, firstClass(keys.count), .evaluation).sample(keys.split("latent")).scalars
      )
    }
    for (q, z) in blocks {
      for row in 0..<q.count / k {
        for component in 0..<k {
          let weight = Double(q[row * k + component])
          counts[component] += weight
          for j in 0..<d {
            let value = Double(z[row * d + j])
            sums[component * d + j] += weight * value
            squares[component * d + j] += weight * value * value
          }
        }
      }
    }
    var (means, scales) = (mean.scalars, scale.scalars)
    // A component without a whole item stays where it is.
    for place in means.indices where counts[place / d] > 1 {
      let (count, centre) = (counts[place / d], sums[place] / counts[place / d])
      means[place] = Float(centre)
      scales[place] = Float(log(max(squares[place] / count - centre * centre, Self.smallestVariance)))
    }
    var refitted = network
    (refitted.componentMean, refitted.componentScale) = (Tensor(shape: [k, d], scalars: means), Tensor(shape: [k, d], scalars: scales))
    return refitted
  }

  private static var smallestVariance: Double { 1e-6 }

  /// R over items held out, or over those to learn from where there are none, under the same maps whatever was tried.
  private func inconsistency(_ network: Network, _ options: TrainingOptions, _ data: TrainingData) -> Double {
    let places = Array((data.heldOut.isEmpty ? 0..<data.count : data.heldOut).prefix(Self.fittedItems))
    let (block, key) = (500, RandomKey(seed: 0).split("restarts"))
    return stride(from: 0, to: places.count, by: block).reduce(0.0) { sum, start in
      let rows = start..<min(start + block, places.count)
      let pass = Pass(key: key, keys: RowKeys(key, rows: rows), epoch: 0)
      let r = inconsistency(network, Batch(data[Array(places[rows])]), options, pass).loss.scalar
      return sum + Double(r) * Double(rows.count)
    } / Double(places.count)
  }
}

extension SemiSupervised.LearningState {
  fileprivate mutating func keepBest(_ inconsistency: Double) {
    guard Float(inconsistency) < best?.inconsistency.scalar ?? .infinity else { return }
    best = .init(player.network, inconsistency: Float(inconsistency))
  }

  fileprivate mutating func takeBest() {
    guard let best else { return }
    (player.network.classifier, player.network.classifierOutput) = (best.classifier, best.output)
  }
}

extension SemiSupervised {
  /// q(y|x), kept beside the one that learns, and R of the items that it was judged by.
  struct Recogniser: Module {
    var classifier: ConditionalMLP
    var output: Linear
    var inconsistency: Tensor

    init(_ network: Network, inconsistency: Float = .greatestFiniteMagnitude) {
      (classifier, output, self.inconsistency) = (network.classifier, network.classifierOutput, Tensor([inconsistency]))
    }

    /// Nothing of it is trained.
    mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) {
      func keep(_ leaf: Leaf, _ tensor: inout Tensor) { body(Leaf(path: leaf.path, isTrainable: false), &tensor) }
      classifier.visit(path.appendingName("classifier"), keep)
      output.visit(path.appendingName("output"), keep)
      body(Leaf(path: path.appendingName("inconsistency"), isTrainable: false), &inconsistency)
    }
  }
}

/// A Gaussian mixture in the tree of tensors.
struct CodeMixture: Module {
  var logits: Tensor
  var means: Tensor
  var deviations: Tensor

  static let fields: [Field<Self>] = [.buffer("logits", \.logits), .buffer("means", \.means), .buffer("deviations", \.deviations)]

  init(_ mixture: GaussianMixture) { (logits, means, deviations) = (mixture.logits, mixture.means, mixture.deviations) }

  /// As it stands before one is fitted.
  init(components: Int, dimensions: Int) {
    (logits, means, deviations) = (.zeros([1, components]), .zeros([1, components, dimensions]), .ones([1, components, dimensions]))
  }

  var mixture: GaussianMixture { GaussianMixture(logits: logits, means: means, deviations: deviations) }
}
