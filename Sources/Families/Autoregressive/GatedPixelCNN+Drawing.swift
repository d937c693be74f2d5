internal import Modelling
internal import Networks
internal import Tensors

extension GatedPixelCNN {
  /// Draws images pixel by pixel; every feature is computed once, so that a whole image costs about what scoring it does.
  ///
  /// The vertical stack goes on by a row, from the rows that it needs of the layer below; the horizontal one by a pixel, from the pixels on its left.
  /// Both make the products of the whole image in the same order, patch by patch, and so have its very bits.
  ///
  /// - Parameters:
  ///   - z: [n, codes]
  ///   - draw: from a pixel's place and the parameters of its channels, [n, heads · channels], to the pixel that the later ones see and what is answered
  ///     in its place: [n, channels] each.
  /// - Returns: the answers: [n, channels · pixels], channel by channel as items are.
  func drawing(_ z: Tensor, _ draw: (_ pixel: Int, _ parameters: Tensor) -> (seen: Tensor, answer: Tensor)) -> Tensor {
    let (n, height, width) = (z.shape[0], size.height, size.width)
    let weights = layers.map(Weights.init)
    let (hidden, output) = (Patch(self.hidden), Patch(self.output))
    // [n, grid, 2 features]
    let maps = maps(z, .evaluation)
    let codes = layers.map { $0.code(maps, .evaluation).transposed([0, 2, 3, 1]) }
    // Finished rows of the image, the last ones that are seen, and of each layer's vertical features the row above: [n, width, ...].
    let blank = Tensor.zeros([n, width, size.inputs])
    var image = [Tensor](repeating: blank, count: weights[0].vertical.rows)
    var above = layers.map { _ in Tensor.zeros([n, width, size.features]) }
    var answers = Tensor.zeros([n, size.channels * size.pixels])
    for y in 0..<height {
      var (links, below) = ([Tensor](), [Tensor]())
      for (index, layer) in weights.enumerated() {
        let rows = index == 0 ? image : [above[index - 1], below[index - 1]]
        let u = layer.vertical(rows.patches(columns: layer.vertical.columns)) + codes[index].row(y, width: width)
        links.append(layer.link(u).reshaped([n, width, 2 * size.features]))
        if index + 1 < weights.count { below.append(Self.gated(u).reshaped([n, width, size.features])) }
      }
      for (index, row) in below.enumerated() { above[index] = row }
      // What the horizontal stack saw last, the pixel on the left last: [n, columns · inputs].
      var left = weights.enumerated().map { index, layer in
        Tensor.zeros([n, (index == 0 ? layer.horizontal.columns : 1) * (index == 0 ? size.inputs : size.features)])
      }
      var row: [Tensor] = []
      for x in 0..<width {
        var h = Tensor.zeros([n, 0])
        for (index, layer) in weights.enumerated() {
          let seen = index == 0 ? left[0] : Tensor.concatenated([left[index], h], axis: 1)
          if index > 0 { left[index] = h }
          let w = layer.horizontal(seen) + links[index].slice(1, x..<x + 1).reshaped([n, 2 * size.features])
          let step = Self.gated(w)
          h = layer.residual.map { h + $0(step) } ?? step
        }
        let parameters = output(hidden(h.relu(), activation: .relu))
        let (seen, answer) = draw(y * width + x, parameters)
        for channel in 0..<size.channels { answers.set(answer, column: channel, at: channel * size.pixels + y * width + x) }
        let pixel = Tensor.concatenated([seen, .ones([n, 1])], axis: 1)
        left[0] = Tensor.concatenated([left[0].slice(1, size.inputs..<left[0].shape[1]), pixel], axis: 1)
        row.append(pixel.reshaped([n, 1, size.inputs]))
      }
      image = Array(image.dropFirst()) + [Tensor.concatenated(row, axis: 1)]
    }
    return answers
  }

  /// A convolution as the product of its patches, whose numbers are in the order of rows, columns and channels.
  private struct Patch {
    let weight: Tensor
    let bias: Tensor?
    let rows: Int
    let columns: Int

    init(_ convolution: Convolution) {
      let shape = convolution.weight.shape
      (rows, columns) = (shape[2], shape[3])
      let numbers = Tensor(shape: shape, scalars: convolution.weight.scalars)
      weight = numbers.transposed([0, 2, 3, 1]).reshaped([shape[0], shape[1] * rows * columns]).packed(.matrix)
      bias = convolution.bias?.detached
    }

    func callAsFunction(_ patches: Tensor, activation: Activation = .identity) -> Tensor {
      patches.linear(weight: weight, bias: bias, activation: activation)
    }
  }

  private struct Weights {
    let vertical: Patch
    let horizontal: Patch
    let link: Patch
    let residual: Patch?

    init(_ layer: GatedLayer) {
      (vertical, horizontal, link) = (Patch(layer.vertical), Patch(layer.horizontal), Patch(layer.link))
      residual = layer.residual.map(Patch.init)
    }
  }
}

extension [Tensor] {
  /// The patches about every column of rows that lie above each other, with zeros beside the image: [n, width, channels] each -> [n · width, patch].
  fileprivate func patches(columns: Int) -> Tensor {
    let (n, width, channels) = (self[0].shape[0], self[0].shape[1], self[0].shape[2])
    let (run, margin) = (columns * channels, columns / 2)
    let patch = count * run
    return Tensor(shape: [n * width, patch]) { y in
      y.update(repeating: 0, count: n * width * patch)
      for (place, row) in enumerated() {
        row.withScalars { x in
          for item in 0..<n {
            for column in 0..<width {
              let (first, last) = (Swift.max(column - margin, 0), Swift.min(column + margin, width - 1))
              let target = y + (item * width + column) * patch + place * run + (first - column + margin) * channels
              target.update(from: x + (item * width + first) * channels, count: (last - first + 1) * channels)
            }
          }
        }
      }
    }
  }
}

extension Tensor {
  /// What a row of the image has of maps that stand for blocks of it: [n, grid, channels] -> [n · width, channels].
  fileprivate func row(_ y: Int, width: Int) -> Tensor {
    let (n, columns, channels) = (shape[0], shape[2], shape[3])
    let block = GatedPixelCNN.Size.block
    return Tensor(shape: [n * width, channels]) { target in
      withScalars { source in
        for item in 0..<n {
          let line = source + (item * shape[1] + y / block) * columns * channels
          for x in 0..<width { (target + (item * width + x) * channels).update(from: line + x / block * channels, count: channels) }
        }
      }
    }
  }

  /// Puts a column of another tensor in the place of one of this: [n, ...] both.
  fileprivate mutating func set(_ other: Tensor, column: Int, at place: Int) {
    let (n, width, others) = (shape[0], shape[1], other.shape[1])
    update { y in other.withScalars { x in for row in 0..<n { y[row * width + place] = x[row * others + column] } } }
  }
}
