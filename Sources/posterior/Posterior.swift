import ArgumentParser

@main
struct Posterior: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Trains, registers and serves generative latent-variable models.")
}
