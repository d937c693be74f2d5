import Data
import Formats
import Learning
import Modelling
import Studies
import TemporaryFolders
import Testing

/// A study of two recipes of one file and two seeds.
enum StudyExample {
  static let recipe = #"{"family": "vae", "data": {"source": "ring"}, "configuration": {"latent": 2, "hidden": [8]}, "epochs": 2}"#

  static func text(
    recipes: String = #"[{"name": "a", "recipe": "r.json"}, {"name": "b", "recipe": "r.json", "overrides": {"configuration": {"latent": 3}}}]"#,
    seeds: String = "[3, 4]", evaluations: String = #"[{"data": "ring"}]"#, more: String = ""
  ) -> String {
    #"{"name": "ring", "recipes": \#(recipes), "seeds": \#(seeds), "evaluations": \#(evaluations)\#(more)}"#
  }

  /// Recipes of which the first sweeps a field, such as `"field": "training.beta", "values": [1]`.
  static func sweep(_ text: String, also: String = "") -> String { #"[{"name": "a", "recipe": "r.json", "sweep": {\#(text)}}\#(also)]"# }

  static func plan(_ text: String = text(), recipe: String = recipe) throws -> StudyPlan {
    let folder = try TemporaryFolder()
    _ = try folder.file("r.json", recipe)
    return try StudyPlan(Study(file: folder.file("study.json", text)))
  }
}

@Suite("A study's file")
struct StudyTests {
  @Test("comes to a job for every recipe, seed and repeat, those of the first seed first")
  func expansion() throws {
    #expect(try StudyExample.plan().jobs.map(\.id) == ["a.3", "b.3", "a.4", "b.4"])
    let repeated = try StudyExample.plan(StudyExample.text(seeds: "[7]", more: #", "repeats": 2"#))
    #expect(repeated.jobs.map(\.id) == ["a.7", "b.7", "a.7.r2", "b.7.r2"])
    #expect(repeated.jobs[0].digest == repeated.jobs[2].digest)
    let onData = try StudyExample.plan(
      StudyExample.text(
        recipes: #"[{"name": "a", "recipe": "r.json"}]"#, seeds: "[0]",
        more: #", "data": [{"name": "all", "source": "ring"}, {"name": "few", "source": "ring", "limit": 50}]"#))
    #expect(onData.jobs.map(\.id) == ["a.all.0", "a.few.0"])
    #expect(onData.jobs.map(\.recipe.data.limit) == [nil, 50])
  }

  @Test("gives every job the recipe that posterior train would get by flags, overrides merged into it")
  func recipes() throws {
    let plan = try StudyExample.plan()
    #expect(plan.jobs.map(\.recipe.seed) == [3, 3, 4, 4])
    #expect(plan.jobs.map { $0.recipe.configuration["latent"] } == [.integer(2), .integer(3), .integer(2), .integer(3)])
    #expect(plan.jobs[1].recipe.configuration["hidden"] == .array([.integer(8)]))
    #expect(Set(plan.jobs.map(\.digest)).count == 4)
    for job in plan.jobs { #expect(try SHA256.digest(Array(job.recipe.canonicalText().utf8)) == job.recipeDigest) }
  }

  @Test("sweeps a field of a recipe, a row a value, and is read again as the same jobs")
  func sweep() throws {
    let recipes =
      #"[{"name": "a", "recipe": "r.json", "sweep": {"field": "training.beta", "values": [0.5, 1, 20]}}, {"name": "b", "recipe": "r.json"}]"#
    let plan = try StudyExample.plan(StudyExample.text(recipes: recipes, seeds: "[3]", evaluations: #"[{"data": "ring", "recipes": ["a", "b"]}]"#))
    #expect(plan.jobs.map(\.id) == ["a-0-5.3", "a-1.3", "a-20.3", "b.3"])
    #expect(plan.study.rows.map(\.title) == ["a 0.5", "a 1", "a 20", "b"])
    #expect(plan.jobs.map { $0.recipe.training["beta"] } == [.number(0.5), .integer(1), .integer(20), nil])
    let again = try StudyPlan(Study(parsing: Array(plan.study.text.utf8), folder: "/"))
    #expect(again.jobs.map(\.digest) == plan.jobs.map(\.digest) && again.study.text == plan.study.text)
  }

  @Test("lets seeds choose the labels too, unless all are to learn from the same ones")
  func labels() throws {
    let recipe = #"{"family": "gmdgm", "data": {"source": "ring"}, "labels": {"per_class": 1, "seed": 9}}"#
    let recipes = #"[{"name": "a", "recipe": "r.json"}]"#
    #expect(try StudyExample.plan(StudyExample.text(recipes: recipes), recipe: recipe).jobs.map(\.recipe.labels?.seed) == [3, 4])
    let same = StudyExample.text(recipes: recipes, more: #", "same_labels": true"#)
    #expect(try StudyExample.plan(same, recipe: recipe).jobs.map(\.recipe.labels?.seed) == [9, 9])
  }

  @Test("can be written with its recipes in it, and read again from elsewhere as the same jobs")
  func resolved() throws {
    let recipe = #"{"family": "vae", "data": {"source": "ring"}, "configuration": {"latent": 2, "beta": 1.0, "scale_floor": 3e-4}}"#
    let plan = try StudyExample.plan(recipe: recipe)
    let again = try StudyPlan(Study(parsing: Array(plan.study.text.utf8), folder: "/"))
    #expect(again.jobs.map(\.digest) == plan.jobs.map(\.digest))
    #expect(again.jobs.map(\.recipeDigest) == plan.jobs.map(\.recipeDigest))
    #expect(again.study.text == plan.study.text)
  }

  @Test("gives a job another digest for another seed, recipe or evaluation, and the same one where other jobs change")
  func digests() throws {
    let first = try StudyExample.plan().jobs[0]
    func same(_ text: String, recipe: String = StudyExample.recipe) throws -> Bool {
      try StudyExample.plan(text, recipe: recipe).jobs[0].digest == first.digest
    }
    #expect(try same(StudyExample.text(seeds: "[3, 4, 5]")))
    #expect(try same(StudyExample.text(more: #", "metrics": ["elbo_nats"]"#)))
    #expect(try same(StudyExample.text(evaluations: #"[{"data": "ring", "recipes": ["a"]}, {"data": "ring", "k": 3, "recipes": ["b"]}]"#)))
    #expect(try !same(StudyExample.text(seeds: "[5]")))
    #expect(try !same(StudyExample.text(evaluations: #"[{"data": "ring", "k": 3}]"#)))
    #expect(try !same(StudyExample.text(), recipe: StudyExample.recipe.replacing("8", with: "9")))
  }

  @Test(
    "is refused with the field, what was given and what is expected",
    arguments: [
      (StudyExample.text(seeds: "[]"), "seeds", "one or more"), (StudyExample.text(seeds: "[1, 1]"), "seeds", "1 twice"),
      (StudyExample.text(seeds: "[-1]"), "seeds[0]", "-1"), (StudyExample.text(more: #", "repeat": 2"#), "repeat", "repeats"),
      (StudyExample.text(recipes: #"[{"name": "A", "recipe": "r.json"}]"#), "recipes[0].name", "a-z"),
      (StudyExample.text(recipes: #"[{"name": "a", "recipe": "none.json"}]"#), "recipes[0].recipe", "none.json"),
      (StudyExample.text(recipes: #"[{"name": "a", "recipe": 3}]"#), "recipes[0].recipe", "a path or an object"),
      (StudyExample.text(recipes: #"[{"name": "a", "recipe": {"family": "vae"}}]"#), "recipes[0].recipe.data", "nothing"),
      (StudyExample.text(recipes: #"[{"name": "a", "recipe": "r.json", "overrides": {"seed": 1}}]"#), "recipes[0].overrides.seed", "seeds"),
      (StudyExample.text(recipes: StudyExample.sweep(#""field": "training..beta", "values": [1]"#)), "recipes[0].sweep.field", "training.beta"),
      (StudyExample.text(recipes: StudyExample.sweep(#""field": "seed", "values": [1]"#)), "recipes[0].sweep.field", "seeds"),
      (StudyExample.text(recipes: StudyExample.sweep(#""field": "training.beta", "values": [1, 1.0]"#)), "recipes[0].sweep.values", "1 twice"),
      (StudyExample.text(recipes: StudyExample.sweep(#""field": "training.beta", "values": [-1]"#)), "recipes[0].sweep.values[0]", "-1"),
      (StudyExample.text(recipes: StudyExample.sweep(#""field": "trainin.beta", "values": [1]"#)), "recipes[0].recipe.trainin", "training"),
      (
        StudyExample.text(recipes: StudyExample.sweep(#""field": "training.beta", "values": [1]"#, also: #", {"name": "a-1", "recipe": "r.json"}"#)),
        "recipes",
        "a-1"
      ),
      (StudyExample.text(evaluations: "[]"), "evaluations", "evaluations"),
      (StudyExample.text(evaluations: #"[{"data": "ring", "recipes": ["c"]}]"#), "evaluations[0].recipes", "a, b"),
      (StudyExample.text(evaluations: #"[{"data": "ring", "recipes": ["a"]}]"#), "evaluations", "none of b"),
      (StudyExample.text(evaluations: #"[{"data": "ring"}, {"data": "ring", "k": 3}]"#), "evaluations", "different names"),
      (StudyExample.text(evaluations: #"[{"data": "ring", "k": 0, "masks": "half"}]"#), "evaluations[0].k", "1 or more"),
      (StudyExample.text(evaluations: #"[{"data": "ring", "trained_on": ["x"]}]"#), "evaluations[0].trained_on", "names no data"),
    ])
  func faults(text: String, field: String, words: String) throws {
    do {
      _ = try StudyExample.plan(text)
      Issue.record("\(text) was accepted")
    } catch let error as JSONError {
      #expect(error.field == field && error.detail.contains(words), "\(error)")
    } catch let error as Fault {
      #expect(error.field == field && "\(error)".contains(words), "\(error)")
    }
  }
}
