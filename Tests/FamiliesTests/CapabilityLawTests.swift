import Distributions
import Families
import FamilyExamples
import Formats
import ModelFiles
import Modelling
import Networks
import Optimisation
import Tensors
import Testing

/// What every family promises, checked over the whole catalogue; a family that lacks a capability has nothing to keep.
@Suite("Capability laws", .serialized)
struct CapabilityLawTests {
  private let key = RandomKey(seed: 7)

  private func keys(_ rows: Range<Int>) -> RowKeys { RowKeys(key, rows: rows) }

  /// Everything that a model can answer, as named rows.
  private func answers(_ model: any ModelFamily, _ x: Tensor, _ keys: RowKeys) throws -> [(name: String, rows: Tensor)] {
    var answers: [(String, Tensor)] = []
    if let model = model as? any Sampling {
      answers.append(("sample", try model.sample(keys, SampleOptions())))
      answers.append(("mean sample", try model.sample(keys, SampleOptions(temperature: 0.5, mean: true))))
    }
    if let model = model as? any Encoding {
      for (layer, code) in model.encode(x).enumerated() {
        answers += code.parts.enumerated().map { ("part \($0) of the code of layer \(layer)", $1) }
      }
    }
    if let model = model as? any Decoding {
      let (unknown, codes) = (model.unknownCodes(rows: x.shape[0]), model.encode(x).map { $0.parts[0] })
      answers.append(("decoded codes", model.decode(codes, keys: keys, SampleOptions())))
      for layer in codes.indices {
        let some = codes.indices.map { $0 == layer ? codes[$0] : unknown[$0] }
        answers.append(("items of the code of layer \(layer)", model.decode(some, keys: keys, SampleOptions(temperature: 0.5, mean: true))))
      }
    }
    if let model = model as? any Reconstructing {
      answers.append(("reconstruction", model.reconstruct(x, sampling: false, keys: keys)))
      answers.append(("sampled reconstruction", model.reconstruct(x, sampling: true, keys: keys)))
    }
    if let model = model as? any Scoring {
      let scores = model.score(x, draws: 3, keys: keys)
      answers += scores.values.map { ($0.term.name, $0.values) }
    }
    if let model = model as? any ConditionalScoring {
      // Every other number given the rest.
      let targets = Tensor(shape: x.shape, scalars: x.scalars.indices.map { Float($0 % x.shape[1] % 2) })
      for estimator in ConditionalEstimator.allCases {
        let scores = model.score(x, targets: targets, draws: 3, estimator: estimator, keys: keys)
        answers += scores.values.map { ("conditional \($0.term.name) by the \(estimator)", $0.values) }
      }
    }
    if let model = model as? any Imputing {
      let imputation = model.impute(x, draws: 3, keys: keys)
      answers += imputation.draws.enumerated().map { ("imputed draw \($0)", $1) }
      answers.append(("imputed point", imputation.point))
      answers += imputation.marginals.enumerated().map { ("marginal of column \($0)", $1.values) }
    }
    if let model = model as? any Clustering {
      for draws in [0, 2] {
        let layers = model.responsibilities(x, draws: draws, keys: keys)
        answers += layers.enumerated().map { ("responsibilities of layer \($0) by \(draws) draws", $1) }
      }
    }
    if let model = model as? any Classifying { answers.append(("logits", model.logits(x))) }
    if let model = model as? any ModuleSelecting {
      let (logits, modules) = model.classify(x)
      let chosen = modules.map { $0.flatMap { $0.modules.map(Float.init) + $0.probabilities } }
      answers += [("logits by modules", logits), ("modules", Tensor(rows: chosen))]
    }
    if let model = model as? any GradientTrainable { answers.append(("validation bound", try validationBound(model, x, keys))) }
    return answers
  }

  private func validationBound<Family: GradientTrainable>(_ model: Family, _ x: Tensor, _ keys: RowKeys) throws -> Tensor {
    let options = try StrictJSON.decode(Family.TrainingOptions.self, from: Array("{}".utf8))
    return model.validationBound(x, options: options, keys: keys)
  }

  @Test("every answer has one finite row an item, and other keys give other samples", arguments: FamilyExample.all)
  func shapes(_ example: FamilyExample) throws {
    let model = try example.model()
    let (x, n) = (example.items(9), 9)
    for (name, rows) in try answers(model, x, keys(0..<n)) {
      #expect(rows.shape[0] == n && rows.isFinite, "\(name)")
    }
    if let model = model as? any Sampling {
      let sample = try model.sample(keys(0..<n), SampleOptions())
      #expect(sample.shape == [n, example.signature.width])
      #expect(try bits(sample) != bits(model.sample(RowKeys(key.split(1), rows: 0..<n), SampleOptions())))
      #expect(bits(sample, rows: 0..<1) != bits(sample, rows: 1..<2))
    }
  }

  @Test("a packed model answers with the same bits, alone and in a batch", arguments: FamilyExample.all)
  func packed(_ example: FamilyExample) throws {
    let model = try example.model()
    let (x, n) = (example.items(9), 9)
    let packed = model.packed()
    #expect(packed.byteCount > 0 && packed.network.leaves.map(\.tensor.scalars) == model.network.leaves.map(\.tensor.scalars))
    let expected = try answers(model, x, keys(0..<n))
    for ((name, rows), (_, own)) in zip(try answers(packed, x, keys(0..<n)), expected) { #expect(bits(rows) == bits(own), "\(name)") }
    for row in [0, n - 1] {
      for ((name, rows), (_, all)) in zip(try answers(packed, x.slice(0, row..<row + 1), keys(row..<row + 1)), expected) {
        #expect(bits(rows) == bits(all, rows: row..<row + 1), "\(name), row \(row)")
      }
    }
  }

  @Test("codes that are decoded are the reconstruction, codes that nothing is known of are samples, row by row", arguments: FamilyExample.all)
  func decoding(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Decoding & Reconstructing & Sampling else { return }
    let (x, options) = (example.items(6), SampleOptions(mean: true))
    let (codes, unknown) = (model.encode(x).map { $0.parts[0] }, model.unknownCodes(rows: 6))
    let (decoded, drawn) = (model.decode(codes, keys: keys(0..<6), options), model.decode(unknown, keys: keys(0..<6), options))
    #expect(bits(decoded) == bits(model.reconstruct(x, sampling: false, keys: keys(0..<6))))
    #expect(try bits(drawn) == bits(model.sample(keys(0..<6), options)))
    let mixed = zip(codes, unknown).map { Tensor.concatenated([$0.slice(0, 0..<3), $1.slice(0, 3..<6)]) }
    #expect(bits(model.decode(mixed, keys: keys(0..<6), options)) == bits(Tensor.concatenated([decoded.slice(0, 0..<3), drawn.slice(0, 3..<6)])))
    // What one code of every layer stands for, given as values.
    let sources = codes.map { LayerSource.code(Array($0.scalars.prefix($0.shape[1]))) }
    let given = try model.sample(keys(0..<2), SampleOptions(mean: true, given: .layers(sources)))
    #expect(bits(given, rows: 1..<2) == bits(decoded, rows: 0..<1))
  }

  @Test("an encoder gives as many latent variables a layer as it says", arguments: FamilyExample.all)
  func latentWidths(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Encoding else { return }
    let layers = model.encode(example.items(3))
    #expect(layers.map(\.form) == model.codeForms)
    for layer in layers {
      #expect(layer.parts.allSatisfy { $0.shape[0] == 3 } && layer.parts.reduce(0) { $0 + $1.shape[1] } == layer.form.count)
      if let normal = layer.normal { #expect(normal.deviation.shape == normal.mean.shape && normal.deviation.scalars.allSatisfy { $0 > 0 }) }
    }
  }

  @Test("scores are the terms that a family names, one number an item, the best last", arguments: FamilyExample.all)
  func scoreTerms(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Scoring else { return }
    let scores = model.score(example.items(3), draws: 2, keys: keys(0..<3))
    #expect(scores.values.map(\.term) == model.scoreTerms && scores.values.allSatisfy { $0.values.shape == [3] })
    #expect(scores.values.last.map { $0.term.kind == .lowerBound || $0.term.kind == .exact } == true)
    // Of several layers what each costs, which adds up.
    let layers = scores.values.filter { $0.term.layer != nil }
    guard !layers.isEmpty else { return }
    #expect(layers.map(\.term) == layers.indices.map { Scores.Term.kl(layer: $0) })
    for (sum, kl) in zip(layers.map(\.values).reduce(.zeros([3]), +).scalars, scores[.kl].scalars) { #expect(abs(sum - kl) < 1e-4 * max(1, abs(kl))) }
  }

  @Test("responsibilities of every layer are rows that sum to 1, one number a component", arguments: FamilyExample.all)
  func clustering(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Clustering else { return }
    let n = 40
    for draws in [0, 1, 7] {
      let layers = model.responsibilities(example.items(n), draws: draws, keys: keys(0..<n))
      #expect(layers.map(\.shape) == model.componentCounts.map { [n, $0] })
      for layer in layers {
        #expect(layer.scalars.allSatisfy { (0...1.00001).contains($0) })
        #expect(layer.rowSums().scalars.allSatisfy { abs($0 - 1) < 1e-5 })
      }
    }
  }

  @Test("the same key gives the same bits", arguments: FamilyExample.all)
  func repeatable(_ example: FamilyExample) throws {
    let (first, second) = (try example.model(), try example.model())
    let x = example.items(5)
    for (a, b) in zip(try answers(first, x, keys(0..<5)), try answers(second, x, keys(0..<5))) { #expect(bits(a.rows) == bits(b.rows), "\(a.name)") }
  }

  @Test("three samples are the first of sixty-four, also among strangers", arguments: FamilyExample.all)
  func prefixes(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Sampling else { return }
    for options in [SampleOptions(), SampleOptions(temperature: 0.7, mean: true)] {
      let many = try model.sample(keys(0..<64), options)
      #expect(try bits(model.sample(keys(0..<3), options)) == bits(many, rows: 0..<3))
      #expect(try bits(model.sample(keys(0..<1), options)) == bits(many, rows: 0..<1))
      let strangers = (RowKeys(key.split(1), rows: 0..<5), RowKeys(key.split(2), rows: 10..<40))
      let joined = try model.sample(.joined([strangers.0, keys(2..<9), strangers.1]), options)
      #expect(bits(joined, rows: 5..<12) == bits(many, rows: 2..<9))
    }
  }

  @Test("a row's answer does not depend on its neighbours or on the number of threads", arguments: FamilyExample.all)
  func neighbours(_ example: FamilyExample) throws {
    let model = try example.model()
    let n = 130
    let x = example.items(n)
    defer { Parallelism.width = 1 }
    Parallelism.width = 1
    let whole = try answers(model, x, keys(0..<n))
    for width in [1, 2, 3] {
      Parallelism.width = width
      for rows in [0..<n, 0..<1, 77..<78, 3..<10, 64..<129, 129..<130] {
        let part = try answers(model, x.gather(Array(rows)), keys(0..<n).slice(rows))
        for (all, some) in zip(whole, part) {
          #expect(bits(some.rows) == bits(all.rows, rows: rows), "\(all.name) of rows \(rows) on \(width) threads")
        }
      }
    }
  }

  @Test("a model from its file answers as the one that was saved", arguments: FamilyExample.all)
  func savedAndLoaded(_ example: FamilyExample) throws {
    let model = try example.model()
    let bytes = try ModelFile.encode(model, provenance: Provenance(seed: 3))
    let loaded = try ModelFile.load(bytes: bytes, families: Catalogue.families)
    #expect(loaded.model.signature == model.signature)
    let x = example.items(5)
    for (a, b) in zip(try answers(model, x, keys(0..<5)), try answers(loaded.model, x, keys(0..<5))) {
      #expect(bits(a.rows) == bits(b.rows), "\(a.name)")
    }
    #expect(try ModelFile.encode(loaded.model, provenance: loaded.provenance) == bytes)
  }

  @Test("analytic gradients of the objective match central differences, parameter by parameter", arguments: FamilyExample.all)
  func gradients(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any GradientTrainable else { return }
    for options in example.training { try check(model, example, options) }
  }

  private func check<Family: GradientTrainable>(_ model: Family, _ example: FamilyExample, _ text: String) throws {
    let options = try StrictJSON.decode(Family.TrainingOptions.self, from: Array(text.utf8))
    try model.check(options)
    let x = example.items(4)
    // The noise hangs on the keys alone, so it is the same at every point.
    let labels = BatchLabels(classes: example.labels, labelledItems: 3, items: 7)
    func objective(_ network: Family.Network, _ mode: Mode) -> Objective {
      model.objective(network, batch: Batch(x, labels: labels), options: options, pass: Pass(mode: mode, keys: keys(0..<4), epoch: 1.5))
    }
    let (value, gradient) = valueAndGradient(at: model.network, loss: \.loss, of: objective)
    #expect(value.loss.isFinite && !value.terms.isEmpty && value.terms.allSatisfy(\.value.isFinite))
    let slopes = gradient.module.leaves.filter(\.leaf.isTrainable)
    func norm(_ tensor: Tensor) -> Double { tensor.scalars.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }
    let total = slopes.reduce(0.0) { $0 + norm($1.tensor) * norm($1.tensor) }.squareRoot()
    #expect(total > 0)
    for (leaf, slope) in slopes {
      let length = norm(slope)
      guard length > 1e-3 * total else { continue }
      // Along its own gradient a parameter's slope is the gradient's length; Richardson's extrapolation leaves an error of order h⁴.
      func loss(_ h: Float) -> Double {
        Double(
          objective(model.network.mapping { $0.path == leaf.path ? $1 + slope * (h / Float(length)) : $1 }, .training(BufferUpdates())).loss.scalar)
      }
      let tolerance = 0.01 * length + 1e-3 * total
      let slope = Differences(of: loss, tolerance: tolerance)
      #expect(
        abs(slope.central - length) < tolerance,
        "\(leaf.path) under \(text): \(slope) by differences, \(length) by the gradient")
    }
  }

  @Test("no number of an imputation depends on what else of it is wanted", arguments: FamilyExample.all)
  func wanted(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Imputing else { return }
    let (x, n) = (example.items(21), 21)
    let all = model.impute(x, draws: 3, keys: keys(0..<n))
    for wanted: Imputation.Parts in [.draws, .point, .marginals, [.draws, .point], [.draws, .marginals], [.point, .marginals]] {
      for rows in [0..<n, 4..<5] {
        let own = model.impute(x.slice(0, rows), draws: 3, keys: keys(rows), wanted: wanted)
        if wanted.contains(.draws) {
          #expect(own.draws.count == 3)
          for (draw, expected) in zip(own.draws, all.draws) { #expect(bits(draw) == bits(expected, rows: rows), "\(wanted) of \(rows)") }
        }
        if wanted.contains(.point) { #expect(bits(own.point) == bits(all.point, rows: rows), "\(wanted) of \(rows)") }
        #expect(own.marginals.count == (wanted.contains(.marginals) ? all.marginals.count : 0))
        for (marginal, expected) in zip(own.marginals, all.marginals) {
          #expect(bits(marginal.values) == bits(expected.values, rows: rows), "\(wanted) of \(rows)")
        }
      }
    }
  }

  @Test("imputed cells are drawn anew with every key, and their marginals are distributions", arguments: FamilyExample.all)
  func imputing(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Imputing else { return }
    let (n, width) = (40, example.signature.width)
    let x = example.items(n)
    let imputation = model.impute(x, draws: 4, keys: keys(0..<n))
    let isImage = example.signature.space.kind == .image
    #expect(imputation.draws.count == 4 && imputation.marginals.count == (isImage ? 1 : width) && imputation.point.shape == x.shape)
    #expect(bits(imputation.draws[0]) != bits(imputation.draws[1]))
    #expect(bits(model.impute(x, draws: 4, keys: RowKeys(key.split(1), rows: 0..<n)).draws[0]) != bits(imputation.draws[0]))
    // Fewer draws are the first of more.
    #expect(bits(model.impute(x, draws: 2, keys: keys(0..<n)).draws[1]) == bits(imputation.draws[1]))
    let rawPoint = example.signature.toRaw(imputation.point)
    for (column, marginal) in imputation.marginals.enumerated() {
      for row in 0..<n where x.scalars[row * width + column].isNaN {
        let point = imputation.point.scalars[row * width + column]
        switch marginal {
        case .real(let values):
          let (mean, deviation, low, high) = (
            values.scalars[4 * row], values.scalars[4 * row + 1], values.scalars[4 * row + 2], values.scalars[4 * row + 3]
          )
          #expect(deviation > 0 && low < mean && mean < high && point == mean)
        case .raw(let values):
          // Raw quantiles of draws that are sampled in model units; the mean of a long tail may be above both.
          let (mean, deviation, low, high) = (
            values.scalars[4 * row], values.scalars[4 * row + 1], values.scalars[4 * row + 2], values.scalars[4 * row + 3]
          )
          #expect(deviation > 0 && 0 <= low && low <= high && low <= mean)
          let (raw, bounds) = (rawPoint.scalars[row * width + column], example.signature.space.bounds(at: column))
          #expect(raw == bounds.maximum || raw == bounds.minimum || abs(raw - mean) < 1e-4 * mean)
        case .categorical(let values):
          let count = values.shape[1]
          let p = values.scalars[row * count..<(row + 1) * count]
          let isOrdered = example.signature.space.type(at: column) == .ordinal
          #expect(abs(p.reduce(0, +) - 1) < 1e-5 && p.allSatisfy { $0 > 0 } && (isOrdered || p.max() == p[row * count + Int(point)]))
          for draw in imputation.draws { #expect((0..<count).contains(Int(draw.scalars[row * width + column]))) }
        case .pixels(let mean, let deviation):
          // What stands where a pixel was observed means nothing.
          #expect(bits(mean) == bits(imputation.point) && zip(x.scalars, deviation.scalars).allSatisfy { !$0.isNaN || $1 > 0 })
        }
      }
    }
  }

  @Test(
    "the importance-weighted bound does not fall with the number of draws and is no lower than the ELBO, on average", arguments: FamilyExample.all)
  func importanceWeighting(_ example: FamilyExample) throws {
    guard let model = try example.model() as? any Scoring, model.scoreTerms.contains(.iwae) else { return }
    let n = 400
    let x = example.items(n)
    let counts = [1, 2, 5, 20]
    let scores = counts.map { model.score(x, draws: $0, keys: keys(0..<n)) }
    for (index, (fewer, more)) in zip(scores, scores.dropFirst()).enumerated() {
      let gain = average(zip(more[.iwae].scalars, fewer[.iwae].scalars).map { $0 - $1 })
      #expect(gain.mean > -3 * gain.error, "from \(counts[index]) to \(counts[index + 1]) draws: \(gain)")
    }
    let gain = average(zip(scores[3][.iwae].scalars, scores[3][.elbo].scalars).map { $0 - $1 })
    #expect(gain.mean > 3 * gain.error, "20 draws over the ELBO: \(gain)")
    // One draw estimates the same number as the ELBO, whose divergence is exact.
    let single = average(zip(scores[0][.iwae].scalars, scores[0][.elbo].scalars).map { $0 - $1 })
    // Where classes are summed over inside the logarithm, it is the better bound from the first draw on.
    let isSound = model is any Classifying ? single.mean > -4 * single.error - 1e-3 : abs(single.mean) < 4 * single.error + 1e-3
    #expect(isSound, "one draw against the ELBO: \(single)")
    for score in scores {
      let parts = zip(score[.reconstruction].scalars, score[.kl].scalars)
      #expect(zip(parts, score[.elbo].scalars).allSatisfy { abs($0.0 - $0.1 - $1) <= 1e-5 * abs($1) + 1e-5 })
    }
  }
}
