import ArgumentParser
import Families
import Service

/// Multiple imputation whose parameters differ between the imputations, so that what is pooled knows how sure the parameters are.
struct ProperArguments: ParsableArguments {
  @Flag(
    name: .customLong("proper"),
    help: """
      For standard errors by Rubin's rules: every imputation is drawn by a fit of its own to a bootstrap of the rows; mode is draws, and draws is 20 \
      or what the model was learnt with.
      """)
  var isWanted = false

  private static let fewest = 2
  private static let usual = 20

  /// The options of the request.
  /// - Parameter fits: what the model was learnt with, one an imputation; nil where it is to be learnt.
  func completed(_ options: [SentRequest.Option], fits: Int?) throws -> [SentRequest.Option] {
    func said(_ name: String) -> String? { options.first { $0.name == name }?.value }
    if let mode = said("mode"), mode != ImputeRequest.Mode.draws.rawValue {
      throw CommandError("--proper goes with --mode draws: one table, as of --mode \(mode), has no spread between imputations to pool.")
    }
    if let fits, fits < Self.fewest {
      throw CommandError(
        "--proper needs a model with a fit for every imputation, and this one has the same for all: learn one by posterior impute TABLE.csv --proper, "
          + "or of the family \(Stacking.name) with \"bootstraps\": \(Self.usual) in its configuration.")
    }
    let most = fits ?? Stacking.Configuration.mostBootstraps
    let draws = said("draws") ?? "\(fits ?? Self.usual)"
    guard let count = Int(draws), (Self.fewest...most).contains(count) else {
      let reason = fits.map { ": the model has \($0) fits, one an imputation" } ?? ""
      throw CommandError("draws is \(draws), expected \(Self.fewest) to \(most) with --proper\(reason).")
    }
    return options.filter { $0.name != "mode" && $0.name != "draws" }
      + [.init(name: "mode", value: ImputeRequest.Mode.draws.rawValue), .init(name: "draws", value: "\(count)")]
  }
}
