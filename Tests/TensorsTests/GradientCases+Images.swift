import Tensors

extension GradientCases {
  /// Square and oblong kernels with the strides and paddings that real networks use, and a stride that leaves a rest.
  static let geometries: [ConvolutionGeometry] = [
    ConvolutionGeometry(kernel: 1),
    ConvolutionGeometry(kernel: 3, padding: 1),
    ConvolutionGeometry(kernel: 3, stride: 2, padding: 1),
    ConvolutionGeometry(kernel: 4, stride: 2, padding: 1),
    ConvolutionGeometry(kernel: (3, 2), stride: (2, 1), padding: (0, 1)),
    ConvolutionGeometry(kernel: (2, 4), stride: (3, 2), padding: (1, 2)),
  ]

  static let images: [Differentiable] = {
    let convolutions = geometries.map { geometry in
      let weight = point([3, 2, geometry.kernel.height, geometry.kernel.width], 1)
      return Differentiable("convolution \(geometry.label)", point([2, 2, 6, 7]), weight, point([3], 2)) {
        $0[0].convolved(weight: $0[1], bias: $0[2], geometry)
      }
    }
    let transposed = geometries.flatMap { geometry in
      let paddings = [(height: 0, width: 0), (height: geometry.stride.height - 1, width: geometry.stride.width - 1)]
      return paddings.map { outputPadding in
        let weight = point([3, 2, geometry.kernel.height, geometry.kernel.width], 1)
        return Differentiable(
          "transposed convolution \(geometry.label), output padding \(outputPadding)", point([2, 3, 4, 3]), weight, point([2], 2)
        ) {
          $0[0].convolvedTransposed(weight: $0[1], bias: $0[2], geometry, outputPadding: outputPadding)
        }
      }
    }
    let activated = Activation.allCases.flatMap { activation in
      // Biases of large and alternating signs keep the sums away from the kink of the rectifiers.
      [
        Differentiable("convolution, \(activation)", point([2, 2, 4, 4]) * 0.3, point([3, 2, 3, 3], 1) * 0.3, Tensor([2, -2, 2.5])) {
          $0[0].convolved(weight: $0[1], bias: $0[2], ConvolutionGeometry(kernel: 3, padding: 1), activation: activation)
        },
        Differentiable("transposed convolution, \(activation)", point([2, 2, 3, 3]) * 0.3, point([2, 3, 3, 3], 1) * 0.3, Tensor([2, -2, 2.5])) {
          $0[0].convolvedTransposed(weight: $0[1], bias: $0[2], ConvolutionGeometry(kernel: 3, stride: 2), activation: activation)
        },
      ]
    }
    return convolutions + transposed + activated + [
      Differentiable("convolution of many items", point([19, 2, 4, 4]), point([3, 2, 3, 3], 1)) {
        $0[0].convolved(weight: $0[1], bias: nil, ConvolutionGeometry(kernel: 3, padding: 1))
      },
      Differentiable("max pooling", distinct([2, 2, 4, 6])) { $0[0].maxPooled(kernel: 2) },
      Differentiable("max pooling, overlapping", distinct([1, 2, 6, 5])) { $0[0].maxPooled(kernel: 3, stride: 1) },
      Differentiable("mean pooling", point([2, 2, 4, 6])) { $0[0].meanPooled(kernel: 2) },
      Differentiable("mean pooling, overlapping", point([1, 2, 6, 5])) { $0[0].meanPooled(kernel: 3, stride: 2) },
      Differentiable("nearest upsampling", point([2, 2, 2, 3])) { $0[0].upsampledNearest(factor: 3) },
      Differentiable("bilinear upsampling by 2", point([2, 2, 3, 4])) { $0[0].upsampledBilinear(factor: 2) },
      Differentiable("zeros around an image", point([2, 2, 3, 4])) { $0[0].padded(by: 2, .zeros) },
      Differentiable("edges repeated around an image", point([2, 2, 3, 4])) { $0[0].padded(by: 2, .replicate) },
      Differentiable("an image mirrored at its edges", point([2, 2, 3, 4])) { $0[0].padded(by: 2, .reflect) },
      Differentiable("bilinear upsampling by 3", point([1, 2, 1, 4])) { $0[0].upsampledBilinear(factor: 3) },
    ]
  }()

  static let normalisations: [Differentiable] = [
    Differentiable("batch normalisation of a table", point([6, 3])) { $0[0].batchNormalised(epsilon: 1e-3).0 },
    Differentiable("batch normalisation of images", point([3, 2, 2, 3])) { $0[0].batchNormalised(epsilon: 1e-3).0 },
    Differentiable("affine by channel of a table", point([4, 3]), point([3], 1), point([3], 2)) { $0[0].affineByChannel(scale: $0[1], shift: $0[2]) },
    Differentiable("affine by channel of images", point([2, 3, 2, 2]), point([3], 1), point([3], 2)) {
      $0[0].affineByChannel(scale: $0[1], shift: $0[2])
    },
    Differentiable("layer normalisation", point([4, 6])) { $0[0].layerNormalised(epsilon: 1e-3) },
    Differentiable("layer normalisation of rank 3", point([2, 3, 5])) { $0[0].layerNormalised(epsilon: 1e-3) },
  ]

  static let likelihoods: [Differentiable] = {
    let bits = point([3, 5], 4).sign().relu()
    let counts = (RandomKey(seed: 23).uniform([3, 5]) * 9).scalars.map { $0.rounded() }
    return [
      Differentiable("Bernoulli rows", point([3, 5])) { $0[0].bernoulliLogProbability(of: bits) },
      Differentiable("beta-binomial rows", positive([3, 5]), positive([3, 5], 1)) {
        Tensor.betaBinomialLogProbability(of: Tensor(shape: [3, 5], scalars: counts), trials: 9, a: $0[0], b: $0[1])
      },
      Differentiable("negative binomial", positive([3, 5]), positive([3, 5], 1)) {
        Tensor.negativeBinomialLogProbability(of: Tensor(shape: [3, 5], scalars: counts), mean: $0[0], dispersion: $0[1])
      },
    ]
  }()
}

extension ConvolutionGeometry {
  var label: String {
    "\(kernel.height)x\(kernel.width), stride \(stride.height)x\(stride.width), padding \(padding.height)x\(padding.width)"
  }
}
