internal import Families
internal import Formats
package import Modelling
internal import Networks
package import Tensors

/// A small model of a family, on which every capability law is checked. A new family joins by adding rows to `all`.
package struct FamilyExample: Sendable, CustomStringConvertible {
  package let description: String
  package let family: String
  package let configuration: String
  package let signature: Signature
  /// Training options under which gradients are checked, as JSON.
  package let training: [String]
  /// Share of the numbers that items lack, for families that take such items.
  package let holes: Float
  /// Classes of the last items of a batch under which gradients are checked.
  package let labels: [Int]

  package init(
    _ description: String, _ family: String, _ configuration: String, _ signature: Signature, training: [String] = ["{}"], holes: Float = 0,
    labels: [Int] = []
  ) {
    self.description = "\(family): \(description)"
    (self.family, self.configuration, self.signature, self.training, self.holes) = (family, configuration, signature, training, holes)
    self.labels = labels
  }

  package static let all: [FamilyExample] = [
    FamilyExample(
      "an auxiliary variable, gaussian of small deviation", "agmdgm",
      #"{"latent": 2, "auxiliary": 3, "hidden": [9, 7], "components": 2, "component_spread": 1, "activation": "tanh", "likelihood": "gaussian", "deviation": 0.2}"#,
      .vector(5).learning(["x"]), training: ["{}", #"{"pretraining_epochs": 2}"#], labels: [0]),
    FamilyExample(
      "an auxiliary variable given the code alone, bernoulli on grey images", "agmdgm",
      #"{"latent": 2, "auxiliary": 3, "auxiliary_given": "code", "hidden": [6], "components": 2, "component_spread": 1, "activation": "tanh"}"#,
      .image(height: 4, width: 3).learning(["x"]), labels: [0]),
    FamilyExample(
      "labels of two classes beside one cluster, batch normalisation, bernoulli on grey images", "adgm",
      #"{"latent": 2, "auxiliary": 3, "hidden": [7, 6], "components": 1, "activation": "tanh", "batch_norm": true, "scale": "sigmoid", "class_draws": 4, "binarisation": "dynamic"}"#,
      .image(height: 4, width: 3).learning(["yes", "no"]),
      training: ["{}", #"{"draws": 3, "alpha": 0.3}"#, #"{"enumeration": 2, "kl_warm_up_epochs": 4}"#], labels: [1, 0]),
    FamilyExample(
      "an auxiliary variable given the code alone, gaussian of small deviation", "adgm",
      #"{"latent": 2, "auxiliary": 3, "auxiliary_given": "code", "hidden": [9], "activation": "tanh", "likelihood": "gaussian", "deviation": 0.2}"#,
      .vector(5).learning(["a", "b", "c"]), labels: [2, 0]),
    FamilyExample(
      "every class labelled, gaussian of fixed deviation", "sdgm",
      #"{"latent": 2, "auxiliary": 3, "hidden": [7, 6], "class_prior": [0.7, 0.3], "activation": "elu", "class_draws": 0, "likelihood": "gaussian", "deviation": 0.5}"#,
      .vector(5).learning(["a", "b"]), training: ["{}", #"{"draws": 2}"#], labels: [0]),
    FamilyExample(
      "no labels, batch normalisation, bernoulli on grey images as they are", "sdgm",
      #"{"latent": 2, "auxiliary": 2, "hidden": [6], "components": 3, "activation": "tanh", "batch_norm": true, "scale": "sigmoid", "class_draws": 3}"#,
      .image(height: 4, width: 3), training: ["{}", #"{"enumeration": 2}"#]),
    FamilyExample(
      "no labels, gaussian of learned deviation on a scaled table", "cagem",
      #"{"latent": 2, "auxiliary": 3, "hidden": [7], "components": 3, "activation": "softplus", "class_draws": 5, "likelihood": "gaussian_learned", "scale": "softplus", "scale_floor": 0.01}"#,
      .table(
        [.init(name: "age", type: .real), .init(name: "height", type: .real), .init(name: "weight", type: .real)],
        scaling: .init(offset: [40, 170, 70], scale: [20, 10, 15])), training: ["{}", #"{"kl_warm_up_epochs": 4}"#]),
    FamilyExample(
      "labels of two classes beside two clusters, batch normalisation, classes seen on grey pixels", "cagem",
      #"{"latent": 3, "auxiliary": 2, "hidden": [6, 5], "components": 2, "activation": "tanh", "batch_norm": true, "scale": "sigmoid", "binarisation": "dynamic", "class_pixels": "grey"}"#,
      .image(height: 4, width: 3).learning(["yes", "no"]), training: ["{}", #"{"draws": 2}"#, #"{"enumeration": 2}"#], labels: [1, 0]),
    FamilyExample(
      "labels of two classes beside three components without one, bernoulli on grey images", "gmdgm",
      #"{"latent": 3, "hidden": [6, 5], "components": 3, "hidden_classes": 2, "activation": "tanh", "binarisation": "dynamic"}"#,
      .image(height: 4, width: 3).learning(["yes", "no"]),
      training: ["{}", #"{"alpha": 0.3, "weight_prior": 2, "kl_warm_up_epochs": 4}"#, #"{"enumeration": 2}"#],
      labels: [1, 0]),
    FamilyExample(
      "classes seen on grey pixels, bernoulli on drawn bits", "gmdgm",
      #"{"latent": 3, "hidden": [6, 5], "components": 3, "component_spread": 1, "activation": "tanh", "binarisation": "dynamic", "class_pixels": "grey"}"#,
      .image(height: 4, width: 3), training: ["{}", #"{"enumeration": 2}"#]),
    FamilyExample(
      "no labels, gaussian of learned deviation on a scaled table", "gmdgm",
      #"{"latent": 2, "hidden": [6], "components": 4, "activation": "softplus", "likelihood": "gaussian_learned", "scale": "softplus", "scale_floor": 0.01}"#,
      .table(
        [.init(name: "age", type: .real), .init(name: "height", type: .real), .init(name: "weight", type: .real)],
        scaling: .init(offset: [40, 170, 70], scale: [20, 10, 15]))),
    FamilyExample(
      "every class labelled, gaussian of fixed deviation", "m2",
      #"{"latent": 2, "hidden": [7, 4], "class_prior": [0.5, 0.3, 0.2], "activation": "elu", "likelihood": "gaussian", "deviation": 0.6}"#,
      .vector(5).learning(["a", "b", "c"]), labels: [2, 0]),
    FamilyExample(
      "covariances over numbers and categories with holes", "mixture", #"{"kind": "gaussian", "components": 3}"#, .holed, holes: 0.3),
    FamilyExample(
      "covariances over the normal scores of columns of every type with holes", "mixture",
      #"{"kind": "normal_scores", "components": 2, "knots": 16}"#, .everyType, holes: 0.3),
    FamilyExample(
      "latent classes of columns of every type with holes", "mixture", #"{"kind": "categorical", "components": 4}"#, .everyType, holes: 0.3),
    FamilyExample("covariances of low rank over vectors", "mixture", #"{"kind": "factors", "components": 2, "factors": 2}"#, .vector(6), holes: 0.2),
    FamilyExample(
      "two modules at a time in both layers, on grey images", "modular",
      #"{"modules": [4, 3], "units": [6], "slots": 2, "activation": "tanh"}"#, .image(height: 4, width: 3).learning(["a", "b", "c"])),
    FamilyExample(
      "gates over three layers, on vectors", "modular",
      #"{"modules": [3, 4, 3], "units": [5, 4], "slots": 2, "selection": "top_k", "activation": "elu"}"#, .vector(5).learning(["yes", "no"])),
    FamilyExample(
      "bernoulli on grey images, dynamic binarisation", "beta_tcvae",
      #"{"latent": 3, "hidden": [7], "decoder_hidden": [6], "activation": "tanh", "binarisation": "dynamic"}"#, .image(height: 4, width: 3),
      training: ["{}", #"{"beta": 3, "estimator": "stratified", "kl_warm_up_epochs": 4, "free_bits": 0.05}"#, #"{"beta_warm_up_steps": 9}"#]),
    FamilyExample(
      "convolutions with batch normalisation and a joint head, gaussian of learned deviation on colour images", "beta_tcvae",
      #"""
      {"latent": 2, "hidden": [6], "convolutions": [{"channels": 4, "kernel": 4, "stride": 2, "padding": 1}], "activation": "softplus",
       "batch_norm": true, "heads": "joint", "scale": "exp_half", "likelihood": "gaussian_learned"}
      """#, .image(height: 6, width: 6, channels: 3)),
    FamilyExample(
      "two layers over three characters", "char_lstm", #"{"hidden": 5, "layers": 2, "longest": 7}"#,
      Signature(.tokens(TokenSpace(Vocabulary(["a", "b", "\u{E9}"]), atMost: 7)))),
    FamilyExample(
      "one layer wide enough for several threads", "char_lstm", #"{"hidden": 64, "layers": 1, "longest": 9}"#,
      Signature(.tokens(TokenSpace(Vocabulary(["\n", "x"]), atMost: 9)))),
    FamilyExample(
      "a standard code of texts over three characters", "text_vae", #"{"latent": 3, "hidden": 5}"#,
      Signature(.tokens(TokenSpace(Vocabulary(["a", "b", "\u{E9}"]), atMost: 7))),
      training: ["{}", #"{"beta": 0.5, "kl_warm_up_epochs": 4, "free_bits": 0.05}"#, #"{"importance_samples": 3}"#]),
    FamilyExample(
      "steps that hang together, two layers wide enough for several threads", "text_vae",
      #"{"latent": 2, "code": "ar1", "steps": 3, "correlation": 0.7, "hidden": 64, "layers": 2, "longest": 9}"#,
      Signature(.tokens(TokenSpace(Vocabulary(["\n", "x"]), atMost: 9)))),
    FamilyExample(
      "a standard code, bernoulli on grey images, dynamic binarisation", "delta_vae",
      #"{"latent": 2, "hidden": [6], "activation": "tanh", "channels": 3, "layers": 2, "kernel": 5, "binarisation": "dynamic"}"#,
      .image(height: 4, width: 3),
      training: ["{}", #"{"beta": 0.5, "kl_warm_up_epochs": 4, "free_bits": 0.05}"#, #"{"importance_samples": 3}"#]),
    FamilyExample(
      "steps that hang together, a convolution, discretised logistic on colour images", "delta_vae",
      #"""
      {"latent": 2, "code": "ar1", "steps": 4, "correlation": 0.8, "hidden": [], "activation": "softplus", "channels": 4, "layers": 3, "kernel": 3,
       "convolutions": [{"channels": 3, "kernel": 4, "stride": 2, "padding": 1}], "likelihood": "discretised_logistic"}
      """#, .image(height: 6, width: 6, channels: 3), training: ["{}", #"{"importance_samples": 2}"#]),
    FamilyExample(
      "a code kept away from the prior, gaussian of learned deviation", "delta_vae",
      #"{"latent": 3, "code": "constrained", "delta": 0.1, "hidden": [5], "activation": "elu", "channels": 2, "layers": 1, "likelihood": "gaussian_learned"}"#,
      .image(height: 3, width: 5)),
    FamilyExample(
      "two layers on colour images", "hilloc", #"{"layers": 2, "latent": 2, "hidden": 5}"#, .image(height: 4, width: 6, channels: 3),
      training: ["{}", #"{"free_bits": 0}"#]),
    FamilyExample(
      "three layers on grey images of odd extents", "hilloc", #"{"layers": 3, "latent": 1, "hidden": 4}"#, .image(height: 5, width: 3)),
    FamilyExample(
      "two layers of responsibilities on colour images of odd extents, discretised logistic", "rrvq",
      #"{"strides": [2, 2], "codes": 4, "code_width": 3, "channels": 4, "likelihood": "discretised_logistic"}"#,
      .image(height: 5, width: 3, channels: 3), training: ["{}", #"{"kl_warm_up_epochs": 4, "free_bits": 0.05, "temperature_epochs": 0}"#]),
    FamilyExample(
      "three layers of relaxed distances, bernoulli on grey images", "rrvq",
      #"{"strides": [1, 2, 1], "codes": 3, "code_width": 3, "channels": 3, "blocks": 2, "quantiser": "relaxed", "top_prior": "uniform", "activation": "tanh"}"#,
      .image(height: 4, width: 3)),
    FamilyExample(
      // What goes straight through a choice is no slope of the loss, so that there is none to check.
      "two layers of the nearest codes, dynamic binarisation", "rrvq",
      #"{"strides": [2, 1], "codes": 5, "code_width": 3, "channels": 4, "quantiser": "nearest", "binarisation": "dynamic"}"#,
      .image(height: 4, width: 3), training: []),
    FamilyExample(
      "three layers inferred with the data, bernoulli on grey images", "hvae",
      #"{"latents": [4, 3, 2], "hidden": [7], "decoder_hidden": [6], "layer_hidden": [5], "activation": "tanh", "scale_floor": 0.05}"#,
      .image(height: 4, width: 3),
      training: ["{}", #"{"beta": 0.5, "kl_warm_up_epochs": 4, "free_bits": 0.05}"#, #"{"importance_samples": 3}"#]),
    FamilyExample(
      "a chain of two layers, of which the likelihood sees one, with convolutions and batch normalisation", "hvae",
      #"""
      {"latents": [3, 2], "inference": "chain", "skip": false, "hidden": [6], "layer_hidden": [4, 5],
       "convolutions": [{"channels": 3, "kernel": 4, "stride": 2, "padding": 1}], "activation": "softplus", "batch_norm": true,
       "likelihood": "gaussian", "deviation": 0.5, "scale_floor": 0.05}
      """#, .image(height: 6, width: 6)),
    FamilyExample(
      "one layer on a scaled table", "hvae",
      #"{"latents": [2], "hidden": [6], "activation": "softplus", "likelihood": "gaussian_learned", "likelihood_scale": "softplus"}"#,
      .table([.init(name: "age", type: .real), .init(name: "height", type: .real)], scaling: .init(offset: [40, 170], scale: [20, 10]))),
    FamilyExample(
      "two halvings of colour images with holes", "inpainting_hvae",
      #"{"channels": [2, 3, 2], "hidden": 5, "latent": 2, "activation": "tanh"}"#, .image(height: 8, width: 8, channels: 3),
      training: [#"{"masks": [{"mask": "centre"}]}"#, #"{"masks": [{"mask": "half"}, {"mask": "random:0.3"}], "kl_warm_up_epochs": 3}"#], holes: 0.2),
    FamilyExample(
      "one halving of grey images of odd extents with holes", "inpainting_hvae",
      #"{"channels": [3, 2], "hidden": 4, "latent": 3, "activation": "elu"}"#, .image(height: 5, width: 7),
      training: [#"{"masks": [{"mask": "rectangle:0.1"}]}"#], holes: 0.1),
    FamilyExample(
      "three layers that come down as the prior does, bernoulli on grey images", "ladder_vae",
      #"{"latents": [4, 3, 2], "hidden": [7], "layer_hidden": [6, 5], "layer_depth": 1, "activation": "tanh", "scale_floor": 0.05, "binarisation": "dynamic"}"#,
      .image(height: 4, width: 3),
      training: ["{}", #"{"kl_warm_up_epochs": 4, "free_bits": 0.05}"#, #"{"importance_samples": 3}"#, #"{"beta": 2, "rate_target": 30}"#]),
    FamilyExample(
      "two layers with batch normalisation, networks of their own on the way down, means on the way up", "ladder_vae",
      #"""
      {"latents": [3, 2], "hidden": [6], "layer_hidden": [4], "top_down": "separate", "upward": "means", "activation": "softplus", "batch_norm": true,
       "convolutions": [{"channels": 3, "kernel": 4, "stride": 2, "padding": 1}], "likelihood": "gaussian", "deviation": 0.5, "scale_floor": 0.05}
      """#, .image(height: 6, width: 6)),
    FamilyExample(
      "one layer on vectors", "ladder_vae", #"{"latents": [2], "hidden": [5], "activation": "elu", "likelihood": "gaussian_learned"}"#, .vector(4)),
    FamilyExample(
      "four layers without layers between, discretised logistic", "seatbelt",
      #"""
      {"latents": [4, 3, 2, 2], "hidden": [8], "decoder_hidden": [6], "layer_hidden": [], "activation": "elu", "scale_floor": 0.05, "likelihood": "discretised_logistic",
       "output_activation": "sigmoid"}
      """#, .image(height: 4, width: 5),
      training: ["{}", #"{"beta": 3, "estimator": "stratified", "kl_warm_up_epochs": 4, "free_bits": 0.05}"#, #"{"beta_warm_up_steps": 9}"#]),
    FamilyExample(
      "a chain of two layers with convolutions, bernoulli on colour images", "seatbelt",
      #"""
      {"latents": [3, 2], "inference": "chain", "hidden": [6], "layer_hidden": [5], "heads": "joint", "scale": "exp_half",
       "convolutions": [{"channels": 4, "kernel": 3, "stride": 2, "padding": 1}, {"channels": 3, "kernel": 3}], "activation": "tanh"}
      """#, .image(height: 6, width: 6, channels: 3)),
    FamilyExample(
      "mixtures alone, one of two copies", "stacking",
      #"""
      {"members": [{"family": "mixture", "configuration": {"components": 2}}, {"family": "mixture", "configuration": {"kind": "categorical", "components": 3}, "copies": 2},
                   {"family": "mixture", "configuration": {"kind": "normal_scores", "components": 1, "knots": 16}}]}
      """#, .holed, holes: 0.3),
    FamilyExample(
      "bootstraps of two mixtures", "stacking",
      #"""
      {"members": [{"family": "mixture", "configuration": {"components": 2}}, {"family": "mixture", "configuration": {"kind": "categorical", "components": 2}}],
       "bootstraps": 3}
      """#, .holed, holes: 0.3),
    FamilyExample(
      "a mixture beside a network, columns of every type", "stacking",
      #"""
      {"members": [{"family": "mixture", "configuration": {"components": 2}}, {"family": "vaeac", "configuration": {"latent": 2, "hidden": 8, "blocks": 1}}], "network": true}
      """#, .everyType, holes: 0.3),
    FamilyExample(
      "an image against a discriminator of widths of its own", "unrolled_gan",
      #"{"latent": 3, "hidden": [7], "discriminator_hidden": [6, 5], "activation": "tanh"}"#, .image(height: 4, width: 3)),
    FamilyExample(
      "a scaled table", "unrolled_gan", #"{"latent": 5, "hidden": [8, 6]}"#,
      .table([.init(name: "age", type: .real), .init(name: "height", type: .real)], scaling: .init(offset: [40, 170], scale: [20, 10]))),
    FamilyExample(
      "bernoulli on grey images, dynamic binarisation", "vae",
      #"{"latent": 3, "hidden": [7, 5], "activation": "tanh", "likelihood": "bernoulli", "binarisation": "dynamic"}"#,
      .image(height: 4, width: 3),
      training: ["{}", #"{"beta": 0.5, "kl_warm_up_epochs": 4, "free_bits": 0.05}"#, #"{"importance_samples": 3}"#, #"{"rate_target": 30}"#]),
    FamilyExample(
      "convolutions with batch normalisation and a joint head, beta-binomial on colour images", "vae",
      #"""
      {"latent": 2, "hidden": [6], "convolutions": [{"channels": 4, "kernel": 3, "stride": 2, "padding": 1}, {"channels": 3, "kernel": 3}],
       "activation": "softplus", "batch_norm": true, "heads": "joint", "scale": "exp_half", "likelihood": "beta_binomial"}
      """#, .image(height: 6, width: 6, channels: 3), training: ["{}", #"{"importance_samples": 2}"#]),
    FamilyExample(
      "discretised logistic without hidden layers", "vae",
      #"{"latent": 2, "hidden": [], "decoder_hidden": [5], "likelihood": "discretised_logistic", "output_activation": "sigmoid", "activation": "elu"}"#,
      .image(height: 3, width: 5)),
    FamilyExample(
      "gaussian of learned deviation on a scaled table", "vae",
      #"{"latent": 2, "hidden": [6], "activation": "softplus", "likelihood": "gaussian_learned", "likelihood_scale": "softplus", "scale_floor": 0.01}"#,
      .table(
        [.init(name: "age", type: .real), .init(name: "height", type: .real), .init(name: "weight", type: .real)],
        scaling: .init(offset: [40, 170, 70], scale: [20, 10, 15]))),
    FamilyExample(
      "layers written out: residual blocks, latent maps, upsampling, two outputs of one layer, on colour images", "vae",
      #"""
      {"latent": 12, "scale": "exp_half", "likelihood": "gaussian_learned", "output_activation": "sigmoid", "output_heads": "joint",
       "likelihood_scale": "softplus", "likelihood_floor": 0.02,
       "encoder": [{"kind": "convolution", "channels": 4, "kernel": 3, "padding": 1, "normalisation": "group", "groups": 2, "activation": "silu"},
                   {"kind": "residual", "activation": "elu", "slope": 0.5,
                    "layers": [{"kind": "convolution", "channels": 6, "kernel": 3, "stride": 2, "padding": 1, "bias": false, "normalisation": "batch"}],
                    "shortcut": [{"kind": "convolution", "channels": 6, "kernel": 1, "stride": 2, "bias": false, "normalisation": "batch"}]},
                   {"kind": "residual", "layers": [{"kind": "group_norm", "groups": 3}, {"kind": "activation", "activation": "gelu"},
                    {"kind": "convolution", "channels": 6, "kernel": 3, "padding": 1}]}],
       "head": {"kind": "convolution", "channels": 3, "kernel": 2, "stride": 1, "normalisation": "batch"},
       "decoder": [{"kind": "convolution", "channels": 5, "kernel": 1, "activation": "leaky_relu", "slope": 0.2}, {"kind": "upsample", "factor": 3},
                   {"kind": "pad", "padding": 1, "edges": "replicate"}, {"kind": "convolution", "channels": 4, "kernel": 3},
                   {"kind": "pad", "padding": 1, "edges": "reflect"}, {"kind": "max_pool", "kernel": 3, "stride": 1}, {"kind": "convolution", "kernel": 1}]}
      """#, .image(height: 6, width: 6, channels: 3), training: ["{}", #"{"importance_samples": 2}"#]),
    FamilyExample(
      "layers written out after a feature map without activation, a VampPrior, heads in turn", "vae",
      #"""
      {"latent": 3, "scale": "softplus", "heads": "interleaved", "prior": "vamp", "prior_components": 4, "prior_weights": "learned",
       "encoder": [{"kind": "flatten"}, {"kind": "linear", "width": 6, "bias": false, "normalisation": "batch", "activation": "tanh"}],
       "decoder": [{"kind": "linear", "width": 8}, {"kind": "unflatten", "shape": [2, 2, 2]}, {"kind": "batch_norm"},
                   {"kind": "upsample", "factor": 2, "interpolation": "bilinear"}, {"kind": "mean_pool", "kernel": 2},
                   {"kind": "transposed_convolution", "channels": 3, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1, "activation": "relu"},
                   {"kind": "transposed_convolution", "kernel": 3, "padding": 1}]}
      """#, .image(height: 4, width: 4), training: ["{}", #"{"importance_samples": 2}"#, #"{"beta": 0.5, "free_bits": 0.1}"#]),
    FamilyExample(
      "a learned mixture as the prior of a table", "vae",
      #"{"latent": 2, "hidden": [6], "activation": "tanh", "likelihood": "gaussian", "prior": "mixture", "prior_components": 3}"#, .vector(4),
      training: ["{}", #"{"importance_samples": 2}"#]),
    FamilyExample(
      "gaussian of fixed deviation, wide enough for several threads", "vae",
      #"{"latent": 8, "hidden": [256], "activation": "relu", "scale": "exp", "likelihood": "gaussian", "deviation": 0.7}"#, .vector(256)),
    FamilyExample(
      "categorical codes, bernoulli on grey images, dynamic binarisation", "vae",
      #"{"latents": {"categorical": [4, 3]}, "hidden": [7], "activation": "tanh", "binarisation": "dynamic"}"#, .image(height: 4, width: 3),
      training: ["{}", #"{"temperature": 0.8, "beta": 0.5, "kl_warm_up_epochs": 4, "free_bits": 0.05}"#]),
    FamilyExample(
      "one categorical variable behind convolutions with batch normalisation, beta-binomial on grey images", "vae",
      #"""
      {"latents": {"categorical": [1, 5]}, "hidden": [6], "convolutions": [{"channels": 3, "kernel": 3, "stride": 2, "padding": 1}],
       "activation": "softplus", "batch_norm": true, "likelihood": "beta_binomial"}
      """#, .image(height: 6, width: 6), training: ["{}", #"{"estimator": "marginalised"}"#]),
    FamilyExample(
      "categorical codes of a table, gaussian of learned deviation", "vae",
      #"{"latents": {"categorical": [3, 4]}, "hidden": [6], "activation": "elu", "likelihood": "gaussian_learned", "likelihood_scale": "softplus"}"#,
      .table([.init(name: "age", type: .real), .init(name: "height", type: .real)], scaling: .init(offset: [40, 170], scale: [20, 10]))),
    FamilyExample(
      "real and categorical columns with holes", "vaeac",
      #"{"latent": 3, "hidden": 8, "blocks": 2, "deviation": "learned", "deviation_floor": 0.02}"#,
      .holed,
      training: [#"{"mask_rate": 0.2}"#, #"{"mask_rate": 0.5}"#, #"{"mask_rate": 1}"#], holes: 0.3),
    FamilyExample(
      "columns of every type with holes", "vaeac", #"{"latent": 3, "hidden": 12, "blocks": 1}"#,
      .everyType,
      training: [
        #"{"mask_rate": 0.5}"#, #"{"mask_rate": 1}"#,
        #"{"mask": [{"kind": "mcar", "rate": 0.7}, {"kind": "groups", "groups": [["age", "colour"], ["visits"]], "rate": 0.8}, {"kind": "adjacent", "width": 4, "weight": 2}]}"#,
      ], holes: 0.3),
    FamilyExample(
      "vectors of fixed deviation", "vaeac", #"{"latent": 2, "hidden": 16, "blocks": 0, "deviation": "fixed"}"#, .vector(6),
      training: [#"{"mask_rate": 0.5}"#, #"{"mask": [{"kind": "patterns"}, {"kind": "any_rate"}]}"#], holes: 0.2),
    FamilyExample(
      "bernoulli on grey images with holes", "vaeac_image",
      #"{"latent": 2, "hidden": 6, "channels": [2, 3], "activation": "tanh"}"#, .image(height: 8, width: 8),
      training: [
        #"{"masks": [{"mask": "band"}]}"#, #"{"masks": [{"mask": "rectangle:0.2"}, {"mask": "half", "weight": 2}, {"mask": "random:0.3"}]}"#,
      ],
      holes: 0.3),
    FamilyExample(
      "categorical codes, bernoulli on images with holes", "vaeac_image",
      #"{"latents": {"categorical": [3, 4]}, "hidden": 6, "channels": [3, 2], "activation": "tanh"}"#, .image(height: 8, width: 4),
      training: [#"{"masks": [{"mask": "bottom"}]}"#, #"{"masks": [{"mask": "random:0.5"}], "temperature": 0.8}"#], holes: 0.2),
    FamilyExample(
      "gaussian of learned deviation on colour images with holes", "vaeac_image",
      #"{"latent": 3, "hidden": 5, "channels": [3, 2], "activation": "softplus", "likelihood": "gaussian_learned", "deviation_floor": 0.05}"#,
      .image(height: 4, width: 8, channels: 3), training: [#"{"masks": [{"mask": "random:0.5"}]}"#], holes: 0.2),
    FamilyExample(
      "two layers of a table, gaussian of learned deviation, learned weights", "vlac",
      #"""
      {"layers": [{"latent": 2, "hidden": [7], "rung": [4]}, {"latent": 3, "hidden": [6]}], "components": [3, 4], "mixture_weights": "learned",
       "activation": "tanh", "scale": "softplus", "likelihood": "gaussian_learned", "likelihood_scale": "softplus"}
      """#,
      .table(
        [.init(name: "age", type: .real), .init(name: "height", type: .real), .init(name: "weight", type: .real)],
        scaling: .init(offset: [40, 170, 70], scale: [20, 10, 15])),
      training: ["{}", #"{"kl_warm_up_batches": 2, "pretraining_epochs": 3}"#]),
    FamilyExample(
      "convolutions on grey images, gaussian of fixed deviation, one cluster in a layer", "vlac",
      #"""
      {"layers": [{"latent": 2, "convolutions": [{"channels": 3, "kernel": 3, "stride": 2, "padding": 1}]},
                  {"latent": 2, "convolutions": [{"channels": 4, "kernel": 2}], "hidden": [6], "rung": [5]}], "components": [1, 3],
       "activation": "elu", "merge": "gated_add", "scale": "exp_half", "likelihood": "gaussian", "deviation": 0.35, "output_activation": "sigmoid"}
      """#, .image(height: 6, width: 6), training: ["{}", #"{"kl_warm_up_epochs": 6}"#]),
    FamilyExample(
      "three layers of linear layers, the lowest on the pixels themselves, dynamic binarisation", "vlae",
      #"""
      {"layers": [{"latent": 1, "rung": [5, 4]}, {"latent": 2, "hidden": [7, 6]}, {"latent": 3, "hidden": [5], "rung": [4]}], "merge": "gated_add",
       "activation": "tanh", "binarisation": "dynamic"}
      """#, .image(height: 4, width: 3), training: ["{}", #"{"kl_warm_up_epochs": 4}"#, #"{"fade_in_batches": 3, "layer_batches": 5}"#]),
    FamilyExample(
      "convolutions in two layers with batch normalisation, laplace on colour images", "vlae",
      #"""
      {"layers": [{"latent": 2, "convolutions": [{"channels": 4, "kernel": 3, "stride": 2, "padding": 1}, {"channels": 3, "kernel": 3, "padding": 1}]},
                  {"latent": 2, "convolutions": [{"channels": 5, "kernel": 3}], "rung": [6]}, {"latent": 2, "hidden": [8]}], "activation": "softplus",
       "batch_norm": true, "likelihood": "laplace", "deviation": 0.17678, "output_activation": "sigmoid"}
      """#, .image(height: 6, width: 6, channels: 3)),
  ]

  /// A model whose every number, running averages included, differs from a fresh one's.
  package func model(seed: UInt64 = 1) throws -> any ModelFamily {
    guard let type = Catalogue.family(named: family) else { preconditionFailure("no family \(family)") }
    return try make(type, RandomKey(seed: seed))
  }

  private func make<Family: ModelFamily>(_: Family.Type, _ key: RandomKey) throws -> Family {
    let configuration = try StrictJSON.decode(Family.Configuration.self, from: Array(configuration.utf8))
    var model = try Family(configuration, signature: signature, key: key.split("weights"))
    var number = 0
    model.network = model.network.mapping { _, tensor in
      number += 1
      return tensor + (key.split(number).uniform(tensor.shape) - 0.5) * 0.1
    }
    return model
  }

  /// Items as a client would send them, in model units: levels of images, codes of categories, normal numbers elsewhere.
  package func items(_ count: Int, seed: UInt64 = 2) -> Tensor {
    let key = RandomKey(seed: seed)
    let width = signature.width
    if signature.space.kind == .image {
      let raw = key.uniform([count, width]).scalars.map { ($0 * 255).rounded() }
      return signature.toModel(Tensor(shape: [count, width], scalars: withHoles(raw, key)))
    }
    var items = key.normal([count, width]).scalars
    for column in 0..<width {
      if signature.space.type(at: column) == .count {
        for row in 0..<count { items[row * width + column] = (4 * abs(items[row * width + column])).rounded() }
      }
      guard let categories = signature.space.categories(at: column)?.count else { continue }
      let draws = key.split("categories").split(column).uniform([count, 1]).scalars
      for row in 0..<count { items[row * width + column] = (draws[row] * Float(categories)).rounded(.down) }
    }
    return Tensor(shape: [count, width], scalars: withHoles(items, key))
  }

  private func withHoles(_ items: [Float], _ key: RandomKey) -> [Float] {
    guard holes > 0 else { return items }
    let draws = key.split("holes").uniform([items.count / signature.width, signature.width]).scalars
    return zip(items, draws).map { $1 < holes ? .nan : $0 }
  }
}

extension Signature {
  /// Real numbers and categories.
  fileprivate static let holed = Signature.table(
    [
      .init(name: "age", type: .real), .categorical("colour", ["red", "green", "blue"]), .init(name: "height", type: .real),
      .categorical("only", ["one"]), .categorical("answer", ["yes", "no", "other"], unknown: .other),
    ], scaling: .init(offset: [40, 0, 170, 0, 0], scale: [20, 1, 10, 1, 1]))

  fileprivate static let everyType = Signature.table(
    [
      .init(name: "age", type: .real, minimum: 0, maximum: 120), .init(name: "income", type: .positive), .init(name: "visits", type: .count),
      .init(name: "grade", type: .ordinal, categories: ["low", "middle", "high", "top"]), .init(name: "smokes", type: .binary),
      .init(name: "either", type: .ordinal, categories: ["a", "b"]), .categorical("colour", ["red", "green", "blue"]),
      .init(name: "calls", type: .count, maximum: 40), .init(name: "price", type: .positive, minimum: 0.5),
    ], scaling: .init(offset: [40, 10, 1.5, 0, 0, 0, 0, 2, 3], scale: [20, 0.5, 0.8, 1, 1, 1, 1, 1, 0.25]))

  /// The same items, with classes that the model learnt from labels.
  fileprivate func learning(_ classes: [String]) -> Signature {
    var signature = self
    signature.classes = classes
    return signature
  }
}
