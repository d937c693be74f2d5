import Data
import Families
import Formats
import Foundation
import Learning
import Modelling
import Optimisation

/// How to learn from data of which a user has said no more than where they are.
struct RecipeChoice {
  let recipe: Recipe
  /// What was chosen and why, a sentence each.
  let reasons: [String]

  /// - Parameters:
  ///   - family: nil for the one that fits best.
  ///   - source: as the recipe names it.
  /// - Throws: `CommandError` where the family needs a recipe of its own.
  init(for facts: DataFacts, family: String?, source: DataSource) throws {
    let able = Self.families(for: facts.kind)
    guard let usual = able.first else {
      throw CommandError("\(source.source) holds \(facts.kind.rawValue), which need a recipe: see deploy/recipes.")
    }
    let family = family ?? usual
    guard able.contains(family) else {
      throw CommandError(
        "--family is \(family), which needs a recipe; without one expected for \(facts.kind.rawValue): \(able.joined(separator: ", ")).")
    }
    switch facts.kind {
    case .table:
      recipe = Recipe(family: family, settings: Catalogue.settings(of: family, forRows: facts.count), source: source, rows: facts.count)
      reasons = [
        family == Stacking.name && usual == family ? "stacking: of a table it fills holes best, whatever the columns are" : "\(family), as asked"
      ]
    case .images: (recipe, reasons) = Self.images(facts, family, source)
    case .vectors: (recipe, reasons) = Self.vectors(facts, family, source)
    case .texts: (recipe, reasons) = Self.texts(facts, source)
    case .sequences: preconditionFailure("no family learns from sequences without a recipe")
    }
  }

  /// The families that learn from such items without a recipe, the usual one first.
  private static func families(for kind: DataFacts.Kind) -> [String] {
    switch kind {
    case .table:
      [Stacking.name]
        + Catalogue.families.filter { $0.name != Stacking.name && ($0.trainable?.learnsFrom.contains(.mixedTables) ?? false) }.map { $0.name }
    case .images, .vectors: [VAE.name, BetaTCVAE.name]
    case .texts: [CharLSTM.name]
    case .sequences: []
    }
  }

  /// Passes over the items: some 20 000 steps, of few items no more than 100 passes and of many no fewer than 10.
  private static func epochs(_ items: Int, batchSize: Int) -> Int { max(10, min(100, 20_000 * batchSize / max(items, 1))) }

  private static func base(_ family: String, _ source: DataSource, items: Int) -> Recipe {
    var recipe = Recipe(family: family, settings: nil, source: source, rows: items)
    (recipe.optimiser, recipe.batchSize) = (Optimiser(.adam, rate: 1e-3), items < 2000 ? 32 : 128)
    recipe.epochs = epochs(items, batchSize: recipe.batchSize)
    recipe.validation = items < 20 ? 0 : min(5000, items / 10)
    return recipe
  }

  private static func images(_ facts: DataFacts, _ family: String, _ source: DataSource) -> (Recipe, [String]) {
    var recipe = base(family, source, items: facts.count)
    let (height, width) = (facts.shape.first ?? 1, facts.shape.dropFirst().first ?? 1)
    let numbers = facts.shape.reduce(1, *)
    let latent = numbers <= 1024 ? 32 : 64
    var (members, reasons): ([JSONValue.Member], [String]) = ([.init(name: "latent", value: .integer(latent))], [])
    // Halving twice needs sides that four divides.
    let isConvolutional = numbers > 1024 && height.isMultiple(of: 4) && width.isMultiple(of: 4)
    if isConvolutional {
      let layers = [32, 64].map { channels in
        JSONValue.record(["channels": .integer(channels), "kernel": .integer(4), "stride": .integer(2), "padding": .integer(1)])
      }
      members += [.init(name: "hidden", value: .array([.integer(256)])), .init(name: "convolutions", value: .array(layers))]
      reasons.append("\(family) with two convolutions and \(latent) latent variables, for images of \(height) x \(width)")
    } else {
      members.append(.init(name: "hidden", value: .array([.integer(512), .integer(256)])))
      reasons.append("\(family) with linear layers and \(latent) latent variables, for images of \(height) x \(width)")
    }
    let (likelihood, why): (String, String) =
      if facts.isBlackAndWhite == true {
        ("bernoulli", "all pixels are black or white")
      } else if facts.hasLevels == true {
        ("discretised_logistic", "pixels are whole levels from 0 to 255")
      } else {
        ("gaussian_learned", "pixels are no whole levels")
      }
    members += [
      .init(name: "likelihood", value: .string(likelihood)), .init(name: "scale", value: .string("softplus")),
      .init(name: "scale_floor", value: .number(1e-4)),
    ]
    reasons.append("likelihood \(likelihood): \(why)")
    (recipe.configuration, recipe.training) = (.object(members), .record(["kl_warm_up_epochs": .integer(min(5, recipe.epochs / 4))]))
    recipe.schedule = Schedule(.cosine)
    return (recipe, reasons)
  }

  private static func vectors(_ facts: DataFacts, _ family: String, _ source: DataSource) -> (Recipe, [String]) {
    var recipe = base(family, source, items: facts.count)
    let width = facts.shape.first ?? 1
    let latent = max(1, min(16, width / 2))
    recipe.configuration = .record([
      "latent": .integer(latent), "hidden": .array([.integer(128), .integer(128)]), "likelihood": .string("gaussian_learned"),
      "scale": .string("softplus"),
      "scale_floor": .number(1e-4),
    ])
    recipe.schedule = Schedule(.cosine)
    return (
      recipe,
      [
        "\(family) with \(latent) latent variables, for rows of \(width) numbers",
        "likelihood gaussian_learned: numbers of any size, with a deviation of their own",
      ]
    )
  }

  private static func texts(_ facts: DataFacts, _ source: DataSource) -> (Recipe, [String]) {
    var recipe = Recipe(family: CharLSTM.name, settings: nil, source: source, rows: facts.count)
    // One long text is cut; lines are texts already.
    let isLong = source.format != .lines && source.format != .pairs
    if isLong { recipe.data.window = SignalWindows(length: textLength) }
    let items = isLong ? facts.count / textLength : facts.count
    recipe.configuration = .record(["hidden": .integer(128), "layers": .integer(2)])
    recipe.optimiser = Optimiser(.adam, rate: 2e-3)
    recipe.schedule = Schedule(.cosine)
    (recipe.batchSize, recipe.epochs, recipe.validation) = (50, 20, items < 20 ? 0 : max(1, items / 10))
    return (
      recipe,
      [
        "char_lstm with 2 layers of 128, the family that writes texts letter by letter"
          + (isLong ? "; it learns through \(textLength) letters at a time" : "")
      ]
    )
  }

  private static let textLength = 50
}
