internal import Formats
internal import Modelling
internal import Tensors

extension AuditReport {
  /// Items of a grid at most.
  private static let pictured = 12

  /// Whether items are images that can be shown beside their perturbed versions.
  package var hasPictures: Bool { audit.signature.space.picture != nil && plan.objective != .latentSpace }

  /// A line an item at the strongest setting, as a PNG:
  ///
  ///     item | perturbed item | its reconstruction | the perturbed item's reconstruction | target
  package func grid() throws -> [UInt8] {
    guard let image = audit.signature.space.picture, let strongest = plan.kind.hasPenalty ? strengths.first : strengths.last else {
      preconditionFailure("only audits of images have a grid")
    }
    let shown = examples.filter { $0.run.strength == strongest }.prefix(Self.pictured)
    let points = Tensor(rows: shown.map(\.point))
    let items = shown.map(\.run.item)
    let model = audit.subject.model
    let perturbed = model.decodedMean(model.inference(points, noise: nil).draws)
    let columns =
      [audit.subject.x.gather(items), points, meter.clean.reconstruction.gather(items), perturbed]
      + (audit.subject.targets.map { [$0.gather(items)] } ?? [])
    // A column a tensor: [columns, items, pixels] in raw units.
    let shades = columns.map { audit.signature.toRaw($0).scalars.map(image.sample) }
    let width = audit.signature.width
    // Small images are shown larger.
    let scale = max(1, 64 / max(image.height, image.width))
    let samples = items.indices.flatMap { row in
      shades.flatMap { Self.enlarged($0[row * width..<(row + 1) * width], image, scale) }
    }
    return try PNG.encode(
      ImageGrid.arrange(
        samples, count: items.count * columns.count, height: scale * image.height, width: scale * image.width, channels: image.channels,
        columns: columns.count))
  }

  /// Every pixel as a square of `scale` x `scale`; pixels: [height, width, channels].
  private static func enlarged(_ pixels: ArraySlice<UInt8>, _ image: Picture, _ scale: Int) -> [UInt8] {
    guard scale > 1 else { return Array(pixels) }
    return (0..<scale * image.height).flatMap { y in
      (0..<scale * image.width).flatMap { x -> ArraySlice<UInt8> in
        let first = pixels.startIndex + (y / scale * image.width + x / scale) * image.channels
        return pixels[first..<first + image.channels]
      }
    }
  }

  /// The curves of the report as a PNG: damage beside noise over budgets, or the distortion curve of a penalty's sweep.
  package func curves() throws -> [UInt8] {
    try PNG.encode(plot.raster())
  }

  private var plot: Plot {
    if let damage = damageCurve {
      let worst = noiseCurves.map { ($0.kind, $0.worst) }
      let lines =
        [
          Plot.Line(
            name: "attack", points: zip(damage.budgets, damage.summaries).map { ($0, $1.mean) }, errors: damage.summaries.map(\.standardError))
        ]
        + worst.map { kind, curve in Plot.Line(name: kind.label, points: zip(curve.budgets, curve.summaries).map { ($0, $1.mean) }) }
      return Plot(title: "shift of the reconstruction (l2)", abscissa: "budget (\(plan.norm.rawValue))", lines: lines)
    }
    if let curves = distortionCurves?.compactMap({ $0 }), !curves.isEmpty {
      return Plot(
        title: "distance to the target", abscissa: "distortion",
        lines: [Plot.Line(name: "mean", points: Self.average(curves))]
          + curves.prefix(8).map { Plot.Line(name: nil, points: $0.points.map { ($0.x, $0.y) }) })
    }
    return Plot(
      title: "shift of the reconstruction (l2)", abscissa: "size of the perturbation (l2)",
      lines: [
        Plot.Line(
          name: "attack", points: strengths.map { (summary(.deltaL2, at: $0).mean, summary(.reconShift, at: $0).mean) }.sorted { $0.0 < $1.0 })
      ])
  }

  /// The mean height of several curves at 101 places.
  private static func average(_ curves: [DistortionCurve]) -> [(x: Double, y: Double)] {
    (0...100).map { place in
      let x = Double(place) / 100
      return (x, curves.reduce(0) { $0 + $1.height(at: x) } / Double(max(curves.count, 1)))
    }
  }
}

extension NoiseAttack.Kind {
  fileprivate var label: String { rawValue.replacing("_", with: " ") }
}

extension DistortionCurve {
  /// The height of the line between the neighbours of x.
  fileprivate func height(at x: Double) -> Double {
    guard let after = points.firstIndex(where: { $0.x >= x }), after > 0 else { return points.first?.y ?? .nan }
    let (a, b) = (points[after - 1], points[after])
    return b.x > a.x ? a.y + (b.y - a.y) * (x - a.x) / (b.x - a.x) : b.y
  }
}
