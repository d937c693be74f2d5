internal import Modelling

// What only models with levels of latent variables have.
extension ImputeRequest {
  var levelChoice: LevelChoice { LevelChoice(sampled: levels.map(Set.init), meanPixels: meanPixels ?? false) }

  func checkLevels(_ model: any Imputing) throws {
    guard let able = model as? any HierarchicalImputing else {
      let name = type(of: model).name
      for (field, isGiven) in [("levels", levels != nil), ("mean_pixels", meanPixels != nil)] where isGiven {
        throw Problem(
          .impossible, "\(field) is given, and the family \(name) has no levels to choose from.", field: field, given: "there",
          expected: "nothing: only models with levels of latent variables have them")
      }
      return
    }
    let count = able.imputationLevels
    guard let wrong = levels?.first(where: { $0 >= count }) else { return }
    throw Problem(
      .impossible, "levels has \(wrong), expected 0 to \(count - 1).", field: "levels", given: "\(wrong)", expected: "0 to \(count - 1)")
  }
}
