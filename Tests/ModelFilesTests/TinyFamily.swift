import ModelFiles
import Modelling
import Networks
import Tensors

/// A family small enough to make files of by hand: a linear encoder, batch normalisation, a linear decoder.
struct TinyFamily: ModelFamily {
  struct Configuration: Settings {
    /// One width.
    var hidden: [Int] = []
    var slope: Float = 0
    var bias: Bool?

    static let table = Table<Self> {
      Setting("hidden", \.hidden, required: true, "One width.")
      Setting("slope", \.slope, required: true, "A number.")
      Setting("bias", \.bias, "Of both layers.")
    }
  }

  struct Network: Module {
    var encoder: Linear
    var norm: BatchNorm
    var decoder: Linear

    static let fields: [Field<Self>] = [.child("encoder", \.encoder), .child("norm", \.norm), .child("decoder", \.decoder)]
  }

  static let name = "tiny"
  static let summary = "A family for tests."
  static let purpose = FamilyPurpose(.codes, choose: "in tests")

  let configuration: Configuration
  let signature: Signature
  var network: Network

  init(_ configuration: Configuration, signature: Signature, source: ParameterSource) throws(Fault) {
    guard configuration.hidden.count == 1 else {
      throw Fault(field: "hidden", given: "\(configuration.hidden.count) widths", expected: "one")
    }
    guard configuration.hidden[0] > 0 else {
      throw Fault(field: "hidden[0]", given: "\(configuration.hidden[0])", expected: "at least 1")
    }
    self.configuration = configuration
    self.signature = signature
    let (width, hidden, hasBias) = (signature.width, configuration.hidden[0], configuration.bias ?? true)
    network = Network(
      encoder: Linear(width, hidden, bias: hasBias, source["encoder"]), norm: BatchNorm(hidden, source),
      decoder: Linear(hidden, width, bias: hasBias, source["decoder"]))
  }

}

extension TinyFamily {
  static let families: [any ModelFamily.Type] = [TinyFamily.self]

  static func example(seed: UInt64 = 7) throws -> TinyFamily {
    var model = try TinyFamily(
      Configuration(hidden: [3], slope: 0.1), signature: .vector(2, scaling: .init(offset: [0.5], scale: [2])), key: RandomKey(seed: seed))
    model.network.norm.runningMean = Tensor([0.25, -1, 3])
    model.network.norm.runningVariance = Tensor([1, 2, 0.5])
    return model
  }
}

extension Tensor {
  /// Equal shape and equal bits: tells NaNs and zeros apart.
  func isIdentical(to other: Tensor) -> Bool { shape == other.shape && scalars.map(\.bitPattern) == other.scalars.map(\.bitPattern) }
}

extension ModelFileError {
  /// The error that `body` throws; nil where it throws none.
  static func from(_ body: () throws(ModelFileError) -> Void) -> ModelFileError? {
    do throws(ModelFileError) {
      try body()
      return nil
    } catch {
      return error
    }
  }
}

/// A container from its parts; the length is the header's own unless another is given.
func container(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] { container(Array(header.utf8), data: data, length: length) }

func container(_ header: [UInt8], data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  withUnsafeBytes(of: (length ?? UInt64(header.count)).littleEndian) { Array($0) } + header + data
}
