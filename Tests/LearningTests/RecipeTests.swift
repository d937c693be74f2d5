import Data
import Formats
import Learning
import Modelling
import Optimisation
import Testing

@Suite("Recipes")
struct RecipeTests {
  private func recipe(_ text: String) throws -> Recipe { try Recipe(parsing: Array(text.utf8)) }

  @Test("what a recipe leaves out has the documented values")
  func defaults() throws {
    let recipe = try recipe(#"{"family": "vae", "data": {"source": "x.csv"}}"#)
    #expect(recipe.name == "vae" && recipe.epochs == 20 && recipe.batchSize == 128 && recipe.validation == 0 && recipe.seed == 0)
    #expect(recipe.optimiser == Optimiser(.adam, rate: 1e-3) && recipe.schedule == Schedule(.constant) && recipe.clipping == Clipping())
    #expect(recipe.data == DataSource(source: "x.csv", reading: TableOptions()))
    #expect(recipe.configuration == .object([]) && recipe.training == .object([]))
  }

  @Test("every field is a parameter of the run, those of the family by their own names")
  func parameters() throws {
    let parameters = try recipe(
      #"{"family": "vae", "data": {"source": "x.csv", "limit": 9}, "configuration": {"latent": 2, "hidden": [8, 4], "epochs": 1}, "training": {"beta": 4.5}}"#
    ).parameters()
    #expect(parameters["latent"] == "2" && parameters["hidden"] == "[8,4]" && parameters["beta"] == "4.5")
    #expect(parameters["data.source"] == "x.csv" && parameters["data.limit"] == "9" && parameters["optimiser.rate"] == "0.001")
    #expect(parameters["optimiser.kind"] == "adam" && parameters["batch_size"] == "128")
    // A name that the recipe has itself keeps its path.
    #expect(parameters["epochs"] == "20" && parameters["configuration.epochs"] == "1")
    // The run has these itself.
    #expect(parameters["family"] == nil && parameters["seed"] == nil && parameters["name"] == nil)
  }

  @Test(
    "a wrong recipe is refused by field",
    arguments: [
      (#""epoch": 3"#, "epoch"), (#""epochs": 0"#, "epochs"), (#""epochs": 4611686018427387904"#, "epochs"), (#""epochs": 2.5"#, "epochs"),
      (#""epochs": "3""#, "epochs"), (#""batch_size": 0"#, "batch_size"), (#""batch_size": 70000"#, "batch_size"),
      (#""validation": -1"#, "validation"), (#""seed": -1"#, "seed"), (#""seed": 9223372036854775808"#, "seed"), (#""name": 3"#, "name"),
      (#""name": """#, "name"),
      (#""name": "../x""#, "name"), (#""name": "My model""#, "name"),
      (#""optimiser": {"kind": "lbfgs"}"#, "optimiser.kind"), (#""optimiser": {"rate": 0}"#, "optimiser.rate"),
      (#""optimiser": {"rate": 1e60}"#, "optimiser.rate"), (#""optimiser": {"rate": null, "lr": 1}"#, "optimiser.lr"),
      (#""optimiser": {"betas": [0.9]}"#, "optimiser.betas"), (#""optimiser": {"betas": [0.9, 1]}"#, "optimiser.betas"),
      (#""optimiser": {"epsilon": 0}"#, "optimiser.epsilon"), (#""optimiser": {"weight_decay": -1}"#, "optimiser.weight_decay"),
      (#""optimiser": {"momentum": 1}"#, "optimiser.momentum"), (#""optimiser": {"alpha": 1}"#, "optimiser.alpha"),
      (#""optimiser": {"kind": "sgd", "nesterov": true}"#, "optimiser.nesterov"), (#""schedule": {"kind": "sine"}"#, "schedule.kind"),
      (#""schedule": {"final": 2}"#, "schedule.final"), (#""schedule": {"warm_up_epochs": -1}"#, "schedule.warm_up_epochs"),
      (#""schedule": {"every": 0}"#, "schedule.every"), (#""schedule": {"factor": 0}"#, "schedule.factor"), (#""clip": {"norm": 0}"#, "clip.norm"),
      (#""clip": {"value": -1}"#, "clip.value"), (#""clip": {"norms": 1}"#, "clip.norms"),
      (#""augmentation": {}"#, "augmentation.rotation"), (#""augmentation": {"rotation": 181}"#, "augmentation.rotation"),
      (#""augmentation": {"scale": 1}"#, "augmentation.scale"), (#""augmentation": {"shear": -1}"#, "augmentation.shear"),
      (#""augmentation": {"shift": -1}"#, "augmentation.shift"), (#""augmentation": {"flip": true, "fill": "red"}"#, "augmentation.fill"),
    ])
  func refused(_ field: String, _ named: String) {
    let error = #expect(throws: JSONError.self) { try recipe(#"{"family": "vae", "data": {"source": "x.csv"}, \#(field)}"#) }
    #expect(error?.field == named)
  }

  @Test(
    "missing or wrong data and family are refused by field",
    arguments: [
      (#"{"data": {"source": "x"}}"#, "family"), (#"{"family": "vae"}"#, "data"), (#"{"family": "vae", "data": {}}"#, "data.source"),
      (#"{"family": "vae", "data": {"source": "x", "format": "tiff"}}"#, "data.format"),
      (#"{"family": "vae", "data": {"source": "x", "path": "y"}}"#, "data.path"), ("[]", ""),
      (#"{"family": "vae", "data": {"source": "x", "split": "validation"}}"#, "data.split"),
    ])
  func incomplete(_ text: String, _ named: String) {
    let error = #expect(throws: JSONError.self) { try recipe(text) }
    #expect(error?.field == named)
  }

  private let full = #"""
    {"family": "vae", "name": "n", "data": {"source": "a/b.npy", "range": [0, 0.1], "limit": 7},
     "configuration": {"latent": 2, "hidden": [3], "convolutions": [{"kernel": 3, "channels": 2}]}, "training": {"free_bits": 0.1, "beta": 1},
     "optimiser": {"kind": "adamw", "rate": 0.0003, "betas": [0.95, 0.999], "weight_decay": 0.01}, "schedule": {"kind": "cosine", "final": 0.1},
     "clip": {"norm": 5}, "epochs": 3, "batch_size": 32, "validation": 4, "seed": 9223372036854775807}
    """#

  @Test("the canonical text is a recipe with the same canonical text")
  func canonical() throws {
    let text = try recipe(full).canonicalText()
    #expect(try recipe(text).canonicalText() == text)
    #expect(text.contains(#""rate":0.0003,"#) && text.contains("9223372036854775807") && text.contains("a/b.npy"))
    let parsed = try recipe(text)
    #expect(parsed.optimiser == Optimiser(.adamw, rate: 0.0003, betas: [0.95, 0.999], weightDecay: 0.01))
    #expect(parsed.clipping == Clipping(norm: 5) && parsed.seed == UInt64(Int64.max) && parsed.data.range == [0, 0.1])
  }

  @Test("the canonical text does not depend on the order of fields at any depth")
  func order() throws {
    let shuffled = #"""
      {"seed": 9223372036854775807, "validation": 4, "batch_size": 32, "epochs": 3, "clip": {"norm": 5}, "training": {"beta": 1, "free_bits": 0.1},
       "schedule": {"final": 0.1, "kind": "cosine"}, "optimiser": {"weight_decay": 0.01, "betas": [0.95, 0.999], "rate": 0.0003, "kind": "adamw"},
       "configuration": {"convolutions": [{"channels": 2, "kernel": 3}], "hidden": [3], "latent": 2},
       "data": {"limit": 7, "range": [0, 0.1], "source": "a/b.npy"}, "name": "n", "family": "vae"}
      """#
    #expect(try recipe(shuffled).canonicalText() == recipe(full).canonicalText())
    var other = try recipe(full)
    other.seed = 1
    #expect(try other.canonicalText() != recipe(full).canonicalText())
  }
}
