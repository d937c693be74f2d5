extension Signature {
  /// Images like these, of another size; nil where items are no images, or have a scaling for every number.
  package func resized(height: Int, width: Int) -> Signature? {
    guard let picture = space.picture, space.scaling == nil else { return nil }
    return .image(height: height, width: width, channels: picture.channels, range: picture.range)
  }

  /// Images like these, of the size that items of a shape have; nil also where they have other channels.
  package func resized(to shape: [Int]) -> Signature? {
    guard (2...3).contains(shape.count), let resized = resized(height: shape[0], width: shape[1]), resized.space.shape == shape else { return nil }
    return resized
  }
}
