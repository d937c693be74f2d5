import Distributions
import Families
import Modelling
import Networks
import Tensors
import Testing

@Suite("VAEs trained in PyTorch")
struct VAEParityTests {
  private func check(_ configuration: VAE.Configuration, _ signature: Signature, _ fixture: TorchFixture, rows: Int) throws -> VAE {
    var model = try VAE(configuration, signature: signature, key: RandomKey(seed: 1))
    model.network = try model.network.loading(fixture.tensors)
    let x = Tensor(shape: [rows, signature.width], scalars: fixture.x)
    let q = model.encode(x).compactMap(\.normal)[0]
    let reconstruction = model.reconstruct(x, sampling: false, keys: RowKeys(RandomKey(seed: 1), rows: 0..<rows))
    for (given, expected) in [(q.mean, fixture.means), (q.deviation, fixture.deviations), (reconstruction, fixture.reconstructions)] {
      #expect(given.count == expected.count)
      for (a, b) in zip(given.scalars, expected) { #expect(abs(a - b) <= 1e-6 * max(1, abs(b))) }
    }
    return model
  }

  @Test("a fully connected one with log-variances answers as there, to 1e-6")
  func linear() throws {
    let configuration = VAE.Configuration(latent: 2, hidden: [4], scale: .expHalf)
    let model = try check(configuration, .vector(6), .linear, rows: 2)
    // -0.5 * sum(1 + logvar - mu² - exp(logvar)) there.
    let kl = model.score(Tensor(shape: [2, 6], scalars: TorchFixture.linear.x), draws: 1, keys: RowKeys(RandomKey(seed: 1), rows: 0..<2))[.kl]
    for (a, b) in zip(kl.scalars, [0.296_104_789, 0.260_904_729] as [Float]) { #expect(abs(a - b) < 1e-6) }
  }

  @Test("a convolutional one with a joint head answers as there, to 1e-6")
  func convolutional() throws {
    let convolution = { (channels: Int) in ConvolutionSpecification(channels: channels, kernel: 3, stride: 2, padding: 1) }
    let configuration = VAE.Configuration(latent: 2, hidden: [], convolutions: [convolution(2), convolution(3)], heads: .joint, scale: .expHalf)
    _ = try check(configuration, .image(height: 6, width: 6, range: 0...1), .convolutional, rows: 1)
  }
}
