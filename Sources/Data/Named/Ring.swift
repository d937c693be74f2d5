internal import Formats
internal import Modelling
package import Tensors

/// Points of eight Gaussians on a ring, each as likely as another: a toy on which generators lose modes (Metz et al. 2017).
///
/// Radius 2 and deviation 0.02; the centres stand at the angles 2πi / 8. Points are drawn by one fixed seed, each from its place alone: fewer of them
/// are the first of more.
package struct Ring: Sendable {
  package static let radius: Float = 2
  /// cos 2πi / 8; the sine is that of two places before.
  private static let cosines: [Float] = {
    let half = Float(0.5).squareRoot()
    return [1, half, 0, -half, -1, -half, 0, half]
  }()
  package static let modes = GaussianModes(
    centres: cosines.indices.map { [radius * cosines[$0], radius * cosines[($0 + 6) % 8]] }, deviation: 0.02)
  /// Of the points that are drawn, told by this name: another generation is another name.
  private static let generation = "posterior ring 1"

  private let split: DataSource.Split

  package init(_ split: DataSource.Split) { self.split = split }

  package var count: Int { split == .train ? 65_536 : 8_192 }

  private var keys: RowKeys {
    RowKeys(RandomKey(seed: 0).split("ring").split(split == .train ? 0 : 1), rows: 0..<count)
  }

  /// The mode that each point was drawn from.
  package var codes: [Int] { keys.split("mode").uniform(1).scalars.map { min(Int($0 * 8), 7) } }

  /// [count, 2]
  package var points: Tensor {
    let noise = keys.split("noise").normal(2).scalars
    let scalars = codes.enumerated().flatMap { place, code in
      zip(Self.modes.centres[code], noise[2 * place..<2 * place + 2]).map { $0 + Self.modes.deviation * $1 }
    }
    return Tensor(shape: [count, 2], scalars: scalars)
  }

  /// Their modes.
  fileprivate func labels() -> Labels { Labels(names: (0..<8).map { "\(45 * $0) degrees" }, codes: codes, digest: digest) }

  fileprivate var digest: Digest { SHA256.digest(Array("\(Self.generation)/\(split.rawValue)".utf8)) }
}

extension NamedDataSet {
  /// Models learn from the points as they are.
  static let ring = NamedDataSet(name: "ring", space: Signature.vector(2).space, modes: Ring.modes) { split in
    let ring = Ring(split)
    return DataSet(
      name: split == .train ? "ring" : "ring/test", rows: FloatRows(ring.points.scalars, width: 2),
      signature: .vector(2, scaling: Scaling(offset: [0], scale: [1])), digest: ring.digest)
  } labels: { split in
    Ring(split).labels()
  }
}
