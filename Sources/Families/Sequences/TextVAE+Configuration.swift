package import Modelling

extension TextVAE {
  /// The code, and the two networks, which are of the same size.
  package struct Configuration: Settings {
    package var committed: CommittedCodeSettings
    package var hidden: Int
    package var layers: Int
    package var longest: Int?

    package init() { self.init(CommittedCodeSettings()) }

    package init(_ committed: CommittedCodeSettings, hidden: Int = 256, layers: Int = 1, longest: Int? = nil) {
      (self.committed, self.hidden, self.layers, self.longest) = (committed, hidden, layers, longest)
    }

    package static let table = Table<Self> {
      Part(\.committed)
      Setting("hidden", \.hidden, in: 1...65_536, "Units of every layer of the encoder, and of the decoder.")
      Setting("layers", \.layers, in: 1...16, "Layers of either LSTM.")
      Setting(
        "longest", \.longest, in: 1...1_000_000,
        "Characters of a text, at most, that the model is asked about or draws; absent: those of the longest one that it learns from.")
    }
  }
}
