package import Modelling

extension VAEAC {
  package struct Configuration: Settings {
    package enum Deviation: String, CaseIterable, SettingValue {
      /// A head of its own, so that the intervals of a real cell are learnt.
      case learned
      /// 1 in model units, as in the paper: the loss is a squared error, and intervals mean nothing.
      case fixed
    }

    package var latent: Int
    package var hidden: Int
    package var blocks: Int
    package var deviation: Deviation
    package var deviationFloor: Float

    package init() { self.init(latent: 64) }

    package init(latent: Int = 64, hidden: Int = 256, blocks: Int = 10, deviation: Deviation = .learned, deviationFloor: Float = 0.01) {
      self.latent = latent
      self.hidden = hidden
      self.blocks = blocks
      self.deviation = deviation
      self.deviationFloor = deviationFloor
    }

    package static let table = Table<Self> {
      Setting("latent", \.latent, in: 1...65_536, "Dimensions of z.")
      Setting("hidden", \.hidden, in: 1...65_536, "Width of every hidden layer.")
      Setting("blocks", \.blocks, in: 0...256, "Residual layers of each network; the generative one has one more.")
      Setting(
        "deviation", \.deviation,
        "Of a real cell given z: learned, or fixed at 1 in model units as in the paper, which makes intervals meaningless.")
      Setting("deviation_floor", \.deviationFloor, in: 1e-4..., expected: "1e-4 or more", "The smallest learned deviation, in model units.")
    }
  }
}
