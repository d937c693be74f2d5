package import Modelling
package import Networks
internal import Tensors

/// A conditional hierarchical VAE that fills in a hole: p(hole | border) = ∫ p(hole | z, border) Π p(z_l | z_>l, border) (Tan 2017, a class project).
///
/// One extractor sees the image with its hole, and while learning also the whole image; both have a last channel that is 1 where a pixel is unknown.
/// With channels c0, c1, c2 and a canvas of 32 x 32, of which the window of 16 x 16 in the middle is filled in:
///
///     features    c0 x 32 x 32 -> c1 x 16 x 16 -> c2 x 8 x 8 -> hidden
///     q(z | x)    of the whole image's: c0 x 16 x 16 and c1 x 8 x 8 in the middle, c2 x 8 x 8, latent
///     p(z | ·)    hidden -> latent; hidden + latent -> c2 x 8 x 8; and on to c1 x 8 x 8 and c0 x 16 x 16, each level twice the size of the one above,
///                 cut to the window or, from the second on, set into the ring of the border's features around it
///     pixels      c0 x 16 x 16 beside z -> location and width of every number
///
/// Level 0 of the latent variables is nearest the data. A hole that is not in the middle, or larger than the window, is moved there, or filled in part by
/// part (`HoleCanvas`).
package struct InpaintingHVAE: ModelFamily {
  package static let name = "inpainting_hvae"
  package static let summary =
    "Conditional hierarchical VAE: fills in a hole of an image from what surrounds it, with levels of latent variables from texture to the whole."
  package static let purpose = FamilyPurpose(
    .imputation, choose: "for a hole of a photograph, where the kinds of its possible fillings are to be looked at level by level")

  package struct Network: Module {
    package var features: Features
    /// q(z_l | x), the level nearest the data first; the last sees the hidden layer.
    package var posterior: [Head]
    /// p(z_l | z_>l, border).
    package var prior: [Head]
    package var expand: Linear
    /// From a level and its latent variables to the features of the next below, the one nearest the data first.
    package var down: [VAEACImage.NormalisedConvolution]
    /// Beside the ring of the border's features, the level nearest the data first; the uppermost of `down` has none.
    package var border: [VAEACImage.NormalisedConvolution]
    package var merge: VAEACImage.NormalisedConvolution
    package var output: Convolution

    package static let fields: [Field<Self>] = [
      .child("features", \.features), .child("posterior", \.posterior), .child("prior", \.prior), .child("expand", \.expand),
      .child("down", \.down), .child("border", \.border), .child("merge", \.merge), .child("output", \.output),
    ]
  }

  package struct Features: Module {
    package var convolutions: [VAEACImage.NormalisedConvolution]
    package var hidden: Linear

    package static let fields: [Field<Self>] = [.child("convolutions", \.convolutions), .child("hidden", \.hidden)]
  }

  /// Mean and scale of a level's latent variables: a convolution of 1 x 1, which starts at the standard normal.
  package struct Head: Module {
    package var convolution: Convolution

    package static let fields: [Field<Self>] = [.child("convolution", \.convolution)]

    init(_ inputs: Int, _ latent: Int, _ source: ParameterSource) {
      convolution = Convolution(inputs, 2 * latent, ConvolutionGeometry(kernel: 1), initializer: .constant(0), source["convolution"])
    }
  }

  package let configuration: Configuration
  package let signature: Signature
  package var network: Network
  let picture: Picture
  let canvas: HoleCanvas

  package init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    picture = try configuration.checked(signature)
    canvas = HoleCanvas(picture, halvings: configuration.channels.count - 1)
    (self.configuration, self.signature) = (configuration, signature)
    network = Network(configuration, picture, canvas, source)
  }
}

extension InpaintingHVAE.Network {
  init(_ configuration: InpaintingHVAE.Configuration, _ picture: Picture, _ canvas: HoleCanvas, _ source: ParameterSource) {
    let (channels, hidden, latent) = (configuration.channels, configuration.hidden, configuration.latent)
    let top = channels.count - 1
    let (kept, valid) = (ConvolutionGeometry(kernel: 3, padding: 1), ConvolutionGeometry(kernel: 3))
    func convolution(_ inputs: Int, _ outputs: Int, _ geometry: ConvolutionGeometry, _ source: ParameterSource) -> VAEACImage.NormalisedConvolution {
      VAEACImage.NormalisedConvolution(inputs, outputs, geometry, source)
    }
    let base = channels[top] * (canvas.height >> top) * (canvas.width >> top)
    features = InpaintingHVAE.Features(
      convolutions: channels.enumerated().map { level, outputs in
        convolution(level == 0 ? picture.channels + 1 : channels[level - 1], outputs, kept, source["features"]["convolutions"][level])
      }, hidden: Linear(base, hidden, source["features"]["hidden"]))
    func heads(_ source: ParameterSource) -> [InpaintingHVAE.Head] {
      channels.enumerated().map { InpaintingHVAE.Head($1, $1, source[$0]) } + [InpaintingHVAE.Head(hidden, latent, source[top + 1])]
    }
    (posterior, prior) = (heads(source["posterior"]), heads(source["prior"]))
    expand = Linear(hidden + latent, base, source["expand"])
    // z of a level has as many channels as its features.
    down = (0..<top).map { convolution(2 * channels[$0 + 1], channels[$0], kept, source["down"][$0]) }
    border = (0..<max(top - 1, 0)).map { convolution(channels[$0], channels[$0], valid, source["border"][$0]) }
    merge = convolution(2 * channels[0], channels[0], kept, source["merge"])
    output = Convolution(channels[0], 2 * picture.channels, ConvolutionGeometry(kernel: 1), initializer: .constant(0), source["output"])
  }
}
