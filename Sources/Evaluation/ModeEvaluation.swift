package import Data
internal import Formats
internal import Foundation
package import ModelFiles
package import Modelling
package import Tensors

/// Which modes of a data set a model's samples reach, and how many of its samples are near one.
///
/// A sample within three deviations of its nearest mode is of high quality; a mode is covered where at least one sample of high quality is nearest to
/// it (Srivastava et al. 2017, VEEGAN). Of true samples in two dimensions 1 - e^-4.5 = 98.9 % are of high quality.
package struct ModeEvaluation: Findings {
  /// Deviations.
  package static let reach: Float = 3

  package let modes: GaussianModes
  package let samples: Int
  /// Samples that each mode is the nearest one of.
  package let nearest: [Int]
  /// Those of high quality among them.
  package let highQuality: [Int]

  /// - Parameter points: samples in raw units: [n, width].
  package init(of points: Tensor, on modes: GaussianModes) {
    let (count, width) = (points.shape[0], points.shape[1])
    precondition(modes.centres.allSatisfy { $0.count == width }, "modes of another width than \(width)")
    var (nearest, highQuality) = (modes.centres.map { _ in 0 }, modes.centres.map { _ in 0 })
    let scalars = points.scalars
    for row in 0..<count {
      let (mode, distance) = modes.nearest(to: scalars[row * width..<(row + 1) * width])
      nearest[mode] += 1
      if distance <= Self.reach { highQuality[mode] += 1 }
    }
    (self.modes, samples, self.nearest, self.highQuality) = (modes, count, nearest, highQuality)
  }

  /// Sample i uses the noise of (seed, i), as it does in the answers of `/sample`.
  package init(of model: any Sampling, on modes: GaussianModes, samples: Int, seed: UInt64) throws {
    let block = 500
    let parts = try stride(from: 0, to: samples, by: block).map { start in
      let keys = RowKeys(RandomKey(seed: seed), rows: start..<min(start + block, samples))
      return model.signature.toRaw(try model.sample(keys, SampleOptions()))
    }
    self.init(of: Tensor.concatenated(parts), on: modes)
  }

  package var coveredModes: Int { highQuality.count { $0 > 0 } }
  package var highQualityShare: Double { Double(highQuality.reduce(0, +)) / Double(samples) }
  /// Of the share, as one of independent samples.
  package var standardError: Double { (highQualityShare * (1 - highQualityShare) / Double(samples)).squareRoot() }

  package var metrics: [RunMetric] {
    [
      RunMetric(name: "modes_covered", value: Double(coveredModes), step: 0),
      RunMetric(name: "high_quality_share", value: highQualityShare, step: 0),
      RunMetric(name: "high_quality_share.standard_error", value: standardError, step: 0),
    ]
  }

  package var lines: [String] {
    [
      "modes covered                    \(coveredModes) of \(modes.centres.count), by \(samples) samples",
      String(format: "samples of high quality          %.4f +- %.4f", highQualityShare, standardError),
    ]
  }

  /// Samples by mode, as `modes.json`.
  package var document: FindingsDocument {
    let rows = modes.centres.indices.map { mode in
      JSONValue.record([
        "centre": .floats(modes.centres[mode], shape: [modes.centres[mode].count]), "nearest": .integer(nearest[mode]),
        "high_quality": .integer(highQuality[mode]),
      ])
    }
    let json = JSONValue.record([
      "samples": .integer(samples), "deviation": .float(modes.deviation), "reach_in_deviations": .float(Self.reach), "modes": .array(rows),
    ])
    return FindingsDocument(name: "modes.json", mediaType: "application/json", bytes: json.text)
  }
}
