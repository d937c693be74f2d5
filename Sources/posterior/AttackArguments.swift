import ArgumentParser
import Formats
import Robustness
import Service

/// The fields of an audit's `attack` as flags.
struct AttackArguments: ParsableArguments {
  @Option(help: "apgd, pgd, lbfgs (sweeps a penalty's weight), square (without gradients), noise, or, of decisions, fab or ensemble. (default: apgd)")
  var kind: String?
  @Option(help: "damage, latent, output, likelihood, latent_space or downstream. (default: damage)") var objective: String?
  @Option(help: "l2, linf or l1. (default: l2)") var norm: String?
  @Option(help: ArgumentHelp("Radii, parted by commas.", valueName: "numbers")) var budgets: String?
  @Option(help: ArgumentHelp("Weights of the penalty of lbfgs, parted by commas. (default: 0 and 2^-20 ... 2^20)", valueName: "numbers")) var weights:
    String?
  @Option(help: "Steps of one run. (default: 100)") var steps: Int?
  @Option(help: "Random starts, of which the best counts. (default: 5)") var restarts: Int?
  @Option(help: "Of pgd, as a part of the radius. (default: 2.5 / steps)") var stepSize: Double?
  @Option(help: "Of the objective latent: kl, skl or w2. (default: kl)") var divergence: String?
  @Option(help: ArgumentHelp("Of the objective latent, parted by commas; the layer nearest the data is 0. (default: all)", valueName: "numbers"))
  var layers: String?
  @Option(help: "What the objective damage moves: reconstruction or posterior. (default: reconstruction)") var damage: String?
  @Option(help: "What the objective downstream lowers: margin, cross_entropy or dlr. (default: margin)") var decision: String?
  @Option(help: "Of lbfgs: l2 or squared. (default: l2)") var penalty: String?
  @Option(help: "Draws of q(z|x) that losses are averaged over; 0 takes its mean. (default: 0)") var eotSamples: Int?
  @Flag(help: "Leaves out the margins of r-robustness.") var noMargins = false
  @Option(help: "r of r-robustness, l2 in model units. (default: 0.1 √width)") var radius: Double?
  @Flag(help: "Puts the perturbed items into the report.") var examples = false

  /// Through the JSON that a request has, so that both are read and refused alike.
  var plan: AuditPlan {
    get throws {
      var members: [JSONValue.Member] = []
      func add(_ name: String, _ value: JSONValue?) { if let value { members.append(.init(name: name, value: value)) } }
      func numbers(_ name: String, _ text: String?) throws -> JSONValue? {
        try text.map { text in
          .array(
            try text.split(separator: ",").map { part in
              guard let number = DecimalText.double(String(part.trimmingPrefix(" "))) else {
                throw CommandError("--\(name) has \"\(part)\", expected numbers parted by commas.")
              }
              return number == number.rounded() && abs(number) < 1e15 ? .integer(Int(number)) : .number(number)
            })
        }
      }
      for (name, text) in [
        ("kind", kind), ("objective", objective), ("norm", norm), ("divergence", divergence), ("damage", damage), ("decision", decision),
        ("penalty", penalty),
      ] { add(name, text.map(JSONValue.string)) }
      for (name, number) in [("steps", steps), ("restarts", restarts), ("eot_samples", eotSamples)] { add(name, number.map(JSONValue.integer)) }
      for (name, number) in [("step_size", stepSize), ("radius", radius)] { add(name, number.map(JSONValue.number)) }
      for (name, text) in [("budgets", budgets), ("weights", weights), ("layers", layers)] { add(name, try numbers(name, text)) }
      if noMargins { add("margins", .bool(false)) }
      if examples { add("examples", .bool(true)) }
      return try StrictJSON.decode(AuditPlan.self, from: .object(members))
    }
  }
}
