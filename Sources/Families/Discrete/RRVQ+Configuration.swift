package import Modelling
package import Tensors

extension RRVQ {
  /// The maps of codes and the convolutions between them.
  package struct Configuration: Settings {
    /// How a query becomes a choice of codes.
    package enum Quantiser: String, CaseIterable, SettingValue {
      /// By the responsibilities of a mixture with weights and diagonal variances of its own.
      case responsibility
      /// The same with unit variances and even weights: relaxed vector quantisation.
      case relaxed
      /// The nearest code and no other, as in a VQ-VAE.
      case nearest
    }

    package enum TopPrior: String, CaseIterable, SettingValue {
      /// A learned choice of codes for every place.
      case categorical
      case uniform
    }

    package var strides: [Int]
    package var codes: Int
    package var codeWidth: Int
    package var channels: Int
    package var blocks: Int
    package var quantiser: Quantiser
    package var topPrior: TopPrior
    /// Between convolutions.
    package var hiddenActivation: Activation
    package var observation: Observation

    package init() { self.init(strides: []) }

    package init(
      strides: [Int], codes: Int = 64, codeWidth: Int = 16, channels: Int = 32, blocks: Int = 1, quantiser: Quantiser = .responsibility,
      topPrior: TopPrior = .categorical, hiddenActivation: Activation = .elu, observation: Observation = Observation()
    ) {
      (self.strides, self.codes, self.codeWidth, self.channels, self.blocks) = (strides, codes, codeWidth, channels, blocks)
      (self.quantiser, self.topPrior) = (quantiser, topPrior)
      (self.hiddenActivation, self.observation) = (hiddenActivation, observation)
    }

    package static let table = Table<Self> {
      Setting(
        "strides", \.strides, in: 1...8, lengths: 1...8, of: "layers", required: true,
        "How many times smaller in height and width every map of codes is than the one below it, the one nearest the data first, which lies above "
          + "the image: 1, 2, 4 or 8 each; 1 to 8 layers.")
      Setting("codes", \.codes, in: 2...4096, "Codes that every place of a map chooses from.")
      Setting("code_width", \.codeWidth, in: 2...1024, "Numbers of a code.")
      Setting("channels", \.channels, in: 1...4096, "Features at every place.")
      Setting("blocks", \.blocks, in: 0...16, "Residual blocks of every layer, on the way up as on the way down.")
      Setting(
        "quantiser", \.quantiser,
        "How a query becomes a choice of codes: by responsibilities of a learned mixture, by distances alone (relaxed), or the nearest code, as in a "
          + "VQ-VAE.")
      Setting("top_prior", \.topPrior, "Of the codes of the layer furthest from the data.")
      Setting("activation", \.hiddenActivation, "Between convolutions.")
      Part(\.observation)
    }

    package func check() throws(Fault) {
      for (layer, stride) in strides.enumerated() where ![1, 2, 4, 8].contains(stride) {
        throw Fault(field: "strides[\(layer)]", given: "\(stride)", expected: "1, 2, 4 or 8")
      }
    }
  }
}
