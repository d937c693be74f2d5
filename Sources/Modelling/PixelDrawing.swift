/// Draws the numbers of an item one after the other, each given those before it: what a request may ask for is bounded by the work.
package protocol PixelDrawing: ModelFamily {
  /// Multiplications of one item.
  var multiplicationsPerDraw: Int { get }
}
