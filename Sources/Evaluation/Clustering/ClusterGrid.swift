package import Data
internal import Formats
package import Modelling
internal import Tensors

/// A picture of the clusters of a layer: a row a component, first what the model makes of it, then the items that are most surely in it.
package struct ClusterGrid: Sendable {
  /// Pixels of all cells; white where a component has fewer items.
  private let pixels: [UInt8]
  private let picture: Picture
  private let rows: Int
  private let itemsPerRow: Int

  /// - Returns: nil where items are no pictures.
  /// - Throws: `Fault` where the family can't draw from a component after all.
  package init?(_ assignments: ClusterAssignments, layer number: Int, of model: any Clustering, on data: DataSet, itemsPerRow: Int = 10) throws {
    guard let picture = data.signature.space.picture else { return nil }
    let layer = assignments.layers[number]
    let size = data.signature.width
    var pixels: [UInt8] = []
    for component in 0..<layer.componentCount {
      pixels += try Self.mean(of: component, layer: number, of: model)?.map(picture.sample) ?? [UInt8](repeating: 255, count: size)
      let surest = layer.surest(of: component, atMost: itemsPerRow)
      if !surest.isEmpty { pixels += data.raw(surest).scalars.map(picture.sample) }
      pixels += [UInt8](repeating: 255, count: (itemsPerRow - surest.count) * size)
    }
    (self.pixels, self.picture, rows, self.itemsPerRow) = (pixels, picture, layer.componentCount, itemsPerRow)
  }

  /// E p(x|z) at the mean of the component, other layers at the mean of their priors, in raw units; nil for a family that can't sample.
  private static func mean(of component: Int, layer: Int, of model: any Clustering) throws(Fault) -> [Float]? {
    guard let family = Capability.sampling.of(model) else { return nil }
    let options = SampleOptions(temperature: 0, mean: true, given: .component(component, layer: layer))
    return model.signature.toRaw(try family.sample(RowKeys(RandomKey(seed: 0), rows: 0..<1), options)).scalars
  }

  package var png: [UInt8] {
    get throws {
      try PNG.encode(
        ImageGrid.arrange(
          pixels, count: rows * (itemsPerRow + 1), height: picture.height, width: picture.width, channels: picture.channels, separator: 1,
          rowSeparator: 6, columns: itemsPerRow + 1))
    }
  }
}
