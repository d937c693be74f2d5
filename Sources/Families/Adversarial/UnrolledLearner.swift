internal import Distributions
package import Modelling
package import Networks
package import Optimisation
package import Tensors

/// Two players with one objective, f(θ_G, θ_D) = E ln D(x) + E ln(1 - D(G(z))): the discriminator ascends it, the generator descends what it will be
/// after K of the discriminator's steps (Metz et al. 2017).
///
/// Both move from the same point along the same batch and noise, which all K steps share as well. The unrolled steps are those of the discriminator's
/// own optimiser, from its moments and step count on, and are dropped afterwards; a recipe's clipping is for the steps that stay.
package struct UnrolledLearner: Learner {
  package struct State: Module {
    package var generator: Player<UnrolledGAN.Network>
    package var discriminator: Player<Sequential>

    package static let fields: [Field<Self>] = [.child("generator", \.generator), .child("discriminator", \.discriminator)]
  }

  let model: UnrolledGAN
  /// K
  let steps: Int
  let descent: Descent
  /// Of the discriminator's optimiser.
  let rivalRate: Float

  /// A discriminator's own value says nothing of which generator is better; a distance between samples and items held out does.
  package var criterion: Criterion { Criterion("energy_distance", isHigherBetter: false) }

  package func start(_ data: TrainingData, key: RandomKey) throws -> State {
    var rival = descent
    rival.optimiser.rate = rivalRate
    return State(generator: Player(model.network, descent), discriminator: Player(model.discriminator(.drawing(key.split("discriminator"))), rival))
  }

  package func step(_ state: inout State, _ batch: Batch, _ pass: Pass) throws -> [Term] {
    let (x, z, before) = (batch.values, model.latent(pass.keys), state)
    let generated = try state.generator.descend(pass) { network, _ in
      let forgeries = network.generator(z, .evaluation)
      let surrogate = Self.surrogate(before.discriminator, steps: steps, rateFactor: pass.rateFactor) { Self.value($0, of: x, against: forgeries) }
      return Objective(loss: surrogate, terms: [Term("surrogate", surrogate.scalar)])
    }
    let forgeries = before.generator.network.generator(z, .evaluation)
    let judged = try state.discriminator.descend(pass) { network, _ in
      let value = Self.value(network, of: x, against: forgeries)
      return Objective(loss: -value, terms: [Term("value", value.scalar)])
    }
    return generated + judged
  }

  /// f_K(θ_G) = f(θ_G, θ_D^K),  θ_D^k+1 = θ_D^k moved up ∇_D f(θ_G, θ_D^k): with the history of every step.
  package static func surrogate<Rival: Module>(
    _ rival: Player<Rival>, steps: Int, rateFactor: Float = 1, _ f: (Rival) throws -> Tensor
  ) rethrows -> Tensor {
    let rate = rival.descent.optimiser.rate * rateFactor
    return try f(rival.unrolled(steps: steps, rate: rate, descending: { -(try f($0)) }).network)
  }

  /// f = E ln D(x) + E ln(1 - D(G(z))); with D the sigmoid of a logit d, ln D = -softplus(-d) and ln(1 - D) = -softplus(d).
  private static func value(_ discriminator: Sequential, of x: Tensor, against forgeries: Tensor) -> Tensor {
    -(-discriminator(x, .evaluation)).softplus().mean() - discriminator(forgeries, .evaluation).softplus().mean()
  }

  package func validation(_ state: inout State, _ batch: Batch, _ pass: Pass) -> [Term] {
    let samples = state.generator.network.generator(model.latent(pass.keys), .evaluation)
    return [Term(criterion.term, energyDistance(samples, batch.values))]
  }

  package func model(_ state: State) -> UnrolledGAN {
    var model = model
    model.network = state.generator.network
    return model
  }
}
