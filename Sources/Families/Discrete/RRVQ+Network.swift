internal import Distributions
internal import Modelling
package import Networks
package import Tensors

extension ConvolutionGeometry {
  /// An output at every place.
  fileprivate static let same = ConvolutionGeometry(kernel: 3, padding: 1)
  fileprivate static let pointwise = ConvolutionGeometry(kernel: 1)
  /// An output at every other place, the first one included.
  fileprivate static let halving = ConvolutionGeometry(kernel: 3, stride: 2, padding: 1)
  /// Its transpose makes twice as many places a side.
  fileprivate static let doubling = ConvolutionGeometry(kernel: 4, stride: 2, padding: 1)
}

extension RRVQ {
  /// Features at every place -> a query of the codebook, standardised over its numbers.
  package struct Query: Module {
    package var convolution: Convolution
    package var norm: LayerNorm

    package static let fields: [Field<Self>] = [.child("convolution", \.convolution), .child("norm", \.norm)]

    init(_ inputs: Int, _ width: Int, _ source: ParameterSource) {
      convolution = Convolution(inputs, width, .same, source["convolution"])
      norm = LayerNorm(width, source["norm"])
    }

    /// x: [n, inputs, h, w] -> [n h w, width]
    func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { norm(convolution(x, mode).rowsOfPlaces, mode) }
  }

  /// What goes up through a layer: to its grid, then residual blocks.
  package struct UpLayer: Module {
    package var convolutions: [Convolution]
    package var blocks: [ResidualBlock]

    package static let fields: [Field<Self>] = [.child("convolutions", \.convolutions), .child("blocks", \.blocks)]
  }

  /// What comes down through a layer: queries, the codes chosen, residual blocks, then to the grid below.
  package struct DownLayer: Module {
    package var codebook: Codebook
    package var posterior: Query
    /// Absent at the top, whose prior hangs on nothing.
    package var prior: Query?
    package var input: Convolution
    package var blocks: [ResidualBlock]
    package var doublings: [TransposedConvolution]

    package static let fields: [Field<Self>] = [
      .child("codebook", \.codebook), .child("posterior", \.posterior), .child("prior", \.prior), .child("input", \.input),
      .child("blocks", \.blocks), .child("doublings", \.doublings),
    ]
  }

  package struct Network: Module {
    /// The one nearest the data first.
    package var up: [UpLayer]
    package var down: [DownLayer]
    /// What the way down begins with: [channels, h, w].
    package var top: Tensor
    /// Of p(z_L), place by place: [places, codes]; absent where it is uniform.
    package var topLogits: Tensor?
    /// From the features below all layers to the parameters of p(x|z).
    package var output: Block
    private let activation: Activation
    private let grids: [CodeGrid]

    package static let fields: [Field<Self>] = [
      .child("up", \.up), .child("down", \.down), .parameter("top", \.top), .parameter("top_logits", \.topLogits), .child("output", \.output),
    ]

    init(_ configuration: Configuration, _ grids: [CodeGrid], channels image: Int, _ source: ParameterSource) {
      let (c, d, k) = (configuration.channels, configuration.codeWidth, configuration.codes)
      let (activation, last) = (configuration.hiddenActivation, grids.count - 1)
      func blocks(_ source: ParameterSource) -> [ResidualBlock] {
        (0..<configuration.blocks).map { block in
          let makers = [LayerMaker(activation), LayerMaker { Convolution(c, c, .same, $0) }]
          return ResidualBlock(Sequential(makers + makers, source[block]))
        }
      }
      up = grids.enumerated().map { layer, grid in
        let (source, inputs) = (source["up"][layer], layer == 0 ? image : c)
        // On the image's own grid it needs one, too, to become features.
        let geometries = grid.path.count > 1 ? [ConvolutionGeometry](repeating: .halving, count: grid.path.count - 1) : layer == 0 ? [.same] : []
        return UpLayer(
          convolutions: geometries.enumerated().map { Convolution($0 == 0 ? inputs : c, c, $1, source["convolutions"][$0]) },
          blocks: blocks(source["blocks"]))
      }
      down = grids.enumerated().map { layer, grid in
        let source = source["down"][layer]
        // The last doubling towards the image is the output's.
        let doublings = grid.path.count - 1 - (layer == 0 && grid.path.count > 1 ? 1 : 0)
        return DownLayer(
          codebook: Codebook(k, width: d, isMixture: configuration.quantiser == .responsibility, source["codebook"]),
          posterior: Query(2 * c, d, source["posterior"]), prior: layer == last ? nil : Query(c, d, source["prior"]),
          input: Convolution(d, c, .pointwise, source["input"]), blocks: blocks(source["blocks"]),
          doublings: (0..<doublings).map { TransposedConvolution(c, c, .doubling, source["doublings"][$0]) })
      }
      let own = grids[last].own
      top = source["top"].tensor([c, own.height, own.width], .normal(deviation: 1))
      topLogits = configuration.topPrior == .categorical ? source["top_logits"].tensor([own.places, k], .constant(0)) : nil
      let outputs = (configuration.observation.hasScaleHead ? 2 : 1) * image
      output =
        grids[0].path.count > 1
        ? Block(TransposedConvolution(c, outputs, .doubling, source["output"])) : Block(Convolution(c, outputs, .same, source["output"]))
      (self.activation, self.grids) = (activation, grids)
    }
  }
}

// MARK: - The way up and the way down

extension RRVQ.Network {
  package var layers: Int { down.count }

  /// What x says to every layer, the one nearest the data first; x: [n, channels, height, width] -> [n, channels, h, w] each.
  func evidence(of x: Tensor, _ mode: Mode) -> [Tensor] {
    var h = x
    return up.enumerated().map { layer, part in
      for (place, convolution) in part.convolutions.enumerated() { h = convolution(layer == 0 && place == 0 ? h : activation(h), mode) }
      for block in part.blocks { h = block(h, mode) }
      return h
    }
  }

  /// The way down before its first layer, the furthest from the data: [n, channels, h, w].
  func start(rows: Int) -> Tensor { top.reshaped(Shape([1] + top.shape.dimensions)).expanded(to: Shape([rows] + top.shape.dimensions)) }

  /// ln p(z_l | z_>l), place by place: [n places, codes].
  func logPrior(_ layer: Int, _ state: Tensor, _ codebook: Codebook, _ mode: Mode) -> Tensor {
    let (n, places, k) = (state.shape[0], grids[layer].places, codebook.count)
    if let query = down[layer].prior { return codebook.logResponsibilities(of: query(activation(state), mode)) }
    let logits = (topLogits ?? .zeros([places, k])).logSoftmax()
    return logits.reshaped([1, places, k]).expanded(to: [n, places, k]).reshaped([n * places, k])
  }

  /// h^q of a layer: [n places, code width].
  func query(_ layer: Int, _ state: Tensor, _ evidence: Tensor, _ mode: Mode) -> Tensor {
    down[layer].posterior(activation(Tensor.concatenated([state, evidence], axis: 1)), mode)
  }

  /// The way down before the layer below, or before the output, where the codes of a layer are known: [n places, code width].
  func below(_ layer: Int, _ state: Tensor, embedding: Tensor, _ mode: Mode) -> Tensor {
    let (part, path) = (down[layer], grids[layer].path)
    var h = state + part.input(embedding.maps(on: grids[layer].own, rows: state.shape[0]), mode)
    for block in part.blocks { h = block(h, mode) }
    for (place, doubling) in part.doublings.enumerated() { h = doubling(activation(h), mode).cropped(to: path[path.count - 2 - place]) }
    return h
  }

  /// The parameters of p(x|z) from the features below all layers.
  func heads(_ state: Tensor, hasScale: Bool, _ mode: Mode) -> Heads {
    let y = output(activation(state), mode).cropped(to: grids[0].path[0])
    guard hasScale else { return Heads(location: y.flattened()) }
    let channels = y.shape[1] / 2
    return Heads(location: y.slice(1, 0..<channels).flattened(), scale: y.slice(1, channels..<2 * channels).flattened())
  }
}

extension Tensor {
  /// [n, c, h, w] -> [n h w, c]
  fileprivate var rowsOfPlaces: Tensor {
    let rows = transposed([0, 2, 3, 1])
    return rows.reshaped([shape[0] * shape[2] * shape[3], shape[1]])
  }

  /// [n h w, c] -> [n, c, h, w]
  fileprivate func maps(on grid: Extent, rows: Int) -> Tensor {
    reshaped([rows, grid.height, grid.width, shape[1]]).transposed([0, 3, 1, 2])
  }

  /// The first places of each side: [n, c, h, w].
  fileprivate func cropped(to extent: Extent) -> Tensor {
    if (shape[2], shape[3]) == (extent.height, extent.width) { return self }
    return slice(2, 0..<extent.height).slice(3, 0..<extent.width)
  }
}
