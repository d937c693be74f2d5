package import Modelling

extension CharLSTM {
  /// The shape of the network; the defaults are char-rnn's.
  package struct Configuration: Settings {
    package var hidden: Int
    package var layers: Int
    package var longest: Int

    package init() { self.init(hidden: 128) }

    package init(hidden: Int = 128, layers: Int = 2, longest: Int = 10_000) {
      (self.hidden, self.layers, self.longest) = (hidden, layers, longest)
    }

    package static let table = Table<Self> {
      Setting("hidden", \.hidden, in: 1...65_536, "Units of every layer.")
      Setting("layers", \.layers, in: 1...16, "Layers of the LSTM.")
      Setting(
        "longest", \.longest, in: 1...1_000_000,
        "Characters of a text, at most, that the model is asked about or draws; what it learns from is cut into pieces.")
    }
  }
}
