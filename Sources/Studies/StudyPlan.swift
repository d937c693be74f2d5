internal import Data
package import Formats
package import Learning
internal import Modelling

/// Training once and evaluating the model: what is done in one process, wherever that runs.
package struct StudyJob: Sendable {
  package let row: StudyRow
  package let seed: Int
  /// From 1 on.
  package let repetition: Int
  package let recipe: Recipe
  package let evaluations: [StudyEvaluation]
  /// Of the recipe as a model file's provenance has it.
  package let recipeDigest: Digest
  /// Of all that decides the result: equal ones need no second computation.
  package let digest: Digest

  init(_ row: StudyRow, seed: Int, repetition: Int, _ recipe: Recipe, _ evaluations: [StudyEvaluation]) throws {
    (self.row, self.seed, self.repetition, self.recipe) = (row, seed, repetition, recipe)
    self.evaluations = evaluations.map(\.ofOneModel)
    let text = try recipe.canonicalText()
    recipeDigest = SHA256.digest(Array(text.utf8))
    let whole = JSONValue.record(["recipe": .string(text), "evaluations": JSONValue(encoding: self.evaluations)])
    digest = SHA256.digest(whole.sorted.text)
  }

  /// A name for files, arguments and Kubernetes objects: `vae.3`, `vae.wine.3`, and `vae.3.r2` of the second repeat.
  package var id: String {
    ([row.name, row.data, "\(seed)", repetition > 1 ? "r\(repetition)" : nil] as [String?]).compactMap { $0 }.joined(separator: ".")
  }
}

/// Every job of a study.
package struct StudyPlan: Sendable {
  package let study: Study
  /// Those of the first seed first, so that every row soon has a number.
  package let jobs: [StudyJob]

  /// - Parameter study: as it was read, with its recipes in it.
  /// - Throws: `JSONError`, `Fault`.
  package init(_ study: Study) throws {
    self.study = study
    var jobs: [StudyJob] = []
    let recipes = try study.rows.map { try study.recipe(of: $0) }
    for repetition in 1...study.repeats {
      for seed in study.seeds {
        for (row, recipe) in zip(study.rows, recipes) {
          var recipe = recipe
          recipe.seed = UInt64(seed)
          if !study.sameLabels { recipe.labels?.seed = seed }
          jobs.append(try StudyJob(row, seed: seed, repetition: repetition, recipe, study.evaluations(of: row)))
        }
      }
    }
    self.jobs = jobs
  }

  package subscript(id: String) -> StudyJob? { jobs.first { $0.id == id } }
}

extension Study {
  /// The recipe of a row, read as `posterior train` reads it.
  fileprivate func recipe(of row: StudyRow) throws -> Recipe {
    guard let index = recipes.firstIndex(where: { $0.name == row.recipe }) else { preconditionFailure("\(row.recipe) is no recipe of the study") }
    var document = recipes[index].recipe
    if let sweep = recipes[index].sweep, let value = row.value { document = sweep.applied(value, to: document) }
    var recipe: Recipe
    do throws(JSONError) { recipe = try Recipe(parsing: document.text) } catch {
      throw Fault(error).inside("recipes[\(index)].recipe")
    }
    if let source = data?.first(where: { $0.name == row.data })?.source { recipe.data = source.readAnew }
    return recipe
  }
}
