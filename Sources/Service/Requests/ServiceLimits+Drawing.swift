internal import Modelling

extension ServiceLimits {
  /// Items that one request may have drawn of a model; no bound of a model that draws all numbers of an item at once.
  func drawnItems(of model: any ModelFamily) -> Int {
    (model as? any PixelDrawing).map { max(1, drawnMultiplications / max(1, $0.multiplicationsPerDraw)) } ?? .max
  }

  /// Refuses more of them.
  func checkDrawn(_ rows: Int, of model: any ModelFamily) throws {
    let most = drawnItems(of: model)
    guard rows > most else { return }
    throw Problem(
      .impossible, "\(rows) items are drawn pixel by pixel, expected 1 to \(most) for this model; ask for more in several requests.", field: "items",
      given: "\(rows)", expected: "1 to \(most)")
  }
}
