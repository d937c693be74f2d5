internal import Formats
package import Modelling
package import Tensors

/// One layer of an encoder or a decoder that is written out, with what may follow it; numbers mean what they mean in PyTorch.
package struct LayerSpecification: Settings {
  package enum Kind: String, CaseIterable, SettingValue {
    case linear, convolution, residual, upsample, pad, activation, flatten, unflatten
    case transposedConvolution = "transposed_convolution"
    case batchNorm = "batch_norm"
    case groupNorm = "group_norm"
    case maxPool = "max_pool"
    case meanPool = "mean_pool"
  }

  package enum Normalisation: String, CaseIterable, SettingValue { case batch, group }
  package enum Interpolation: String, CaseIterable, SettingValue { case nearest, bilinear }

  package var kind: Kind
  package var width: Int?
  package var channels: Int?
  package var kernel: Int?
  package var stride: Int?
  package var padding: Int?
  package var outputPadding: Int?
  package var bias: Bool?
  package var factor: Int?
  package var interpolation: Interpolation?
  package var edges: EdgePadding?
  package var shape: [Int]?
  package var normalisation: Normalisation?
  package var groups: Int?
  package var epsilon: Float?
  package var activation: Activation?
  package var slope: Float?

  package init() { self.init(.convolution) }

  package init(_ kind: Kind) { self.kind = kind }

  package static let table = Table<Self> {
    Setting("kind", \.kind, "What it does.")
    Setting("width", \.width, in: 1...65_536, "Of a linear layer: numbers that it makes; may be left out of a decoder's last layer.")
    Setting("channels", \.channels, in: 1...4096, "Of a convolution: features that it makes; may be left out of a decoder's last layer.")
    Setting("kernel", \.kernel, in: 1...64, "Height and width of what a convolution or a pool sees at once.")
    Setting("stride", \.stride, in: 1...16, "Pixels from one place to the next; absent: 1, of a pool its kernel.")
    Setting("padding", \.padding, in: 0...63, "Zeros around the image of a convolution, or pixels that a pad puts there; absent: 0.")
    Setting("output_padding", \.outputPadding, in: 0...15, "Of a transposed convolution: rows and columns more at the far edges; absent: 0.")
    Setting("bias", \.bias, "Whether a linear layer or a convolution has one; absent: true.")
    Setting("factor", \.factor, in: 2...16, "How many times an upsampling makes height and width.")
    Setting("interpolation", \.interpolation, "Of an upsampling; bilinear with half-pixel centres. Absent: nearest.")
    Setting("edges", \.edges, "What a pad puts around the image; absent: zeros.")
    Setting("shape", \.shape, in: 1...65_536, lengths: 3...3, of: "numbers", "Channels, height and width that flat features become.")
    Setting("normalisation", \.normalisation, "Behind a linear layer or a convolution, before its activation; absent: none.")
    Setting("groups", \.groups, in: 1...4096, "Of a group normalisation: they divide the channels; absent: 32.")
    Setting("epsilon", \.epsilon, in: Above(0), "Of a normalisation; absent: 0.00001.")
    Setting("activation", \.activation, "Behind a layer, its normalisation, or the sum of a residual block; absent: none.")
    Setting("slope", \.slope, in: Above(0), "Below 0 of leaky_relu (absent: 0.01), or alpha of elu (absent: 1).")
  }

  package func check() throws(Fault) {
    let (allowed, needed) = (Self.allowed(kind), Self.needed(kind))
    for setting in Self.table.settings where setting.field.name != "kind" {
      let (name, value) = (setting.field.name, setting.value(self))
      if value != .null, !allowed.contains(name) {
        throw Fault(field: name, given: value.line, expected: "nothing: a layer of kind \(kind.rawValue) has none")
      }
      if value == .null, needed.contains(name) { throw Fault(field: name, given: "nothing", expected: "a value: \(setting.field.summary)") }
    }
    guard epsilon == nil || isNormalised else { throw Fault(field: "epsilon", given: "there", expected: "a normalisation beside it") }
    guard groups == nil || kind == .groupNorm || normalisation == .group else {
      throw Fault(field: "groups", given: "there", expected: "a normalisation of groups beside it")
    }
    guard slope == nil || activation == .leakyReLU || activation == .elu else {
      throw Fault(field: "slope", given: "there", expected: "leaky_relu or elu as the activation beside it")
    }
    guard normalisation != .group || kind != .linear else {
      throw Fault(field: "normalisation", given: "group", expected: "batch or nothing behind a linear layer")
    }
  }

  private var isNormalised: Bool { normalisation != nil || kind == .batchNorm || kind == .groupNorm }

  private static func allowed(_ kind: Kind) -> Set<String> {
    let ending: Set = ["normalisation", "groups", "epsilon", "activation", "slope"]
    return switch kind {
    case .linear: ending.union(["width", "bias"])
    case .convolution: ending.union(["channels", "kernel", "stride", "padding", "bias"])
    case .transposedConvolution: ending.union(["channels", "kernel", "stride", "padding", "output_padding", "bias"])
    case .residual, .activation: ["activation", "slope"]
    case .upsample: ["factor", "interpolation"]
    case .pad: ["padding", "edges"]
    case .maxPool, .meanPool: ["kernel", "stride"]
    case .batchNorm: ["epsilon"]
    case .groupNorm: ["groups", "epsilon"]
    case .flatten: []
    case .unflatten: ["shape"]
    }
  }

  /// Width and channels are asked for where the layer stands.
  private static func needed(_ kind: Kind) -> Set<String> {
    switch kind {
    case .convolution, .transposedConvolution, .maxPool, .meanPool: ["kernel"]
    case .upsample: ["factor"]
    case .pad: ["padding"]
    case .unflatten: ["shape"]
    case .activation: ["activation"]
    case .linear, .residual, .batchNorm, .groupNorm, .flatten: []
    }
  }
}

/// A layer, or a residual block of some.
package struct NetworkLayer: Settings {
  package var layer: LayerSpecification
  package var layers: [LayerSpecification]?
  package var shortcut: [LayerSpecification]?

  package init() { self.init(LayerSpecification()) }

  package init(_ layer: LayerSpecification, layers: [LayerSpecification]? = nil, shortcut: [LayerSpecification]? = nil) {
    (self.layer, self.layers, self.shortcut) = (layer, layers, shortcut)
  }

  package static let table = Table<Self> {
    Part(\.layer)
    Setting("layers", \.layers, lengths: 1...32, of: "layers", "Of a residual block: what is added to its input.")
    Setting("shortcut", \.shortcut, lengths: 1...8, of: "layers", "Of a residual block: what its input goes through beside them; absent: nothing.")
  }

  package func check() throws(Fault) {
    let isBlock = layer.kind == .residual
    guard isBlock == (layers != nil) else {
      throw Fault(
        field: "layers", given: isBlock ? "nothing" : "there",
        expected: isBlock ? "the layers of the block" : "nothing: only residual blocks have some")
    }
    guard isBlock || shortcut == nil else { throw Fault(field: "shortcut", given: "there", expected: "nothing: only residual blocks have one") }
    for (name, inner) in [("layers", layers ?? []), ("shortcut", shortcut ?? [])] {
      if let index = inner.firstIndex(where: { $0.kind == .residual }) {
        throw Fault(field: "\(name)[\(index)].kind", given: "residual", expected: "another kind: blocks have no blocks in them")
      }
    }
  }
}
