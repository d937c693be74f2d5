import Modelling

enum Curve: String, CaseIterable, SettingValue { case relu, tanh }

struct Annealing: Settings {
  var beta: Float = 1
  var draws = 1

  static let table = Table<Self> {
    Setting("beta", \.beta, in: 0..., "Weight of the KL term.")
    Setting("draws", \.draws, in: 1...1024, "Draws of the bound.")
  }

  func check() throws(Fault) {
    guard draws == 1 || beta == 1 else { throw Fault(field: "draws", given: "\(draws) beside beta \(beta)", expected: "1") }
  }
}

struct NetworkSettings: Settings {
  var latent = 0
  var hidden = [512, 512]
  var decoder: [Int]?
  var curve = Curve.relu
  var batchNorm = false
  var annealing = Annealing()

  static let table = Table<Self> {
    Setting("latent", \.latent, in: 1...65_536, required: true, "Dimensions of z.")
    Setting("hidden", \.hidden, in: 1...65_536, lengths: 0...4, of: "layers", "Of the encoder.")
    Setting("decoder_hidden", \.decoder, in: 1...65_536, "Of the decoder.")
    Setting("activation", \.curve, "Behind every hidden layer.")
    Setting("batch_norm", \.batchNorm, "Before every activation.")
    Part(\.annealing)
  }
}

struct TowerSettings: Settings {
  var base = NetworkSettings(latent: 2)
  var layers: [NetworkSettings] = []
  var annealing = Annealing(beta: 4)

  static let table = Table<Self> {
    Setting("base", \.base, "The lowest layer.")
    Setting("layers", \.layers, lengths: 0...8, of: "layers", "Those above it.")
    Part(\.annealing, except: ["draws"])
  }
}

/// Every kind of number and bound.
struct NumberSettings: Settings {
  var rate: Float = 0.001
  var share = 0.5
  var momentum: Float = 0
  var shift = 0.0
  var most = 3
  var budgets: [Double] = [0.5, 1]
  var counts: [String: Int]?
  var seed: Int?
  var name = "a"
  var isLogged = true

  static let table = Table<Self> {
    Setting("rate", \.rate, in: Above(0), "Of learning.")
    Setting("share", \.share, in: 0...1, "Of the items.")
    Setting("momentum", \.momentum, in: 0..<1, "Of the steps.")
    Setting("shift", \.shift, "Any number.")
    Setting("most", \.most, in: ...10, ofRows: false, "At most so many.")
    Setting("budgets", \.budgets, in: 0...1e12, lengths: 1...3, of: "numbers", "Distances.")
    Setting("counts", \.counts, in: 0..., "By class.")
    Setting("seed", \.seed, in: 0..., expected: "0 to 2^63 - 1", ofRows: false, "Chooses the random numbers.")
    Setting("name", \.name, "Of the run.")
    Setting("is_logged", \.isLogged, ofRows: false, "Whether anybody is told.")
  }
}
