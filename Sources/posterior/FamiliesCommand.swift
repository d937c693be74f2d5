import ArgumentParser
import Families
import Modelling
import Optimisation
import Service

struct FamiliesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "families", abstract: "Lists the families of models by what they are for, or says what one of them can be told.",
    discussion: "A recipe chooses one by `family`. GET /v1/families answers the same as JSON.")

  @Argument(help: "A family, to see its operations and the fields of its configuration and training.") var family: String?
  @Option(help: "Only families for this: \(FamilyPurpose.Task.allCases.map(\.rawValue).joined(separator: ", ")).") var task: String?

  func validate() throws {
    guard task == nil || family == nil else { throw ValidationError("--task is for the list, not for one family") }
    if let task, FamilyPurpose.Task(rawValue: task) == nil {
      throw ValidationError("--task is \"\(task)\", expected one of \(FamilyPurpose.Task.allCases.map(\.rawValue).joined(separator: ", "))")
    }
  }

  func run() async throws {
    try await reporting {
      guard let name = family else { return list() }
      guard let family = Catalogue.family(named: name) else {
        throw Fault(field: "family", given: "\"\(name)\"", expected: "one of \(Catalogue.families.map { $0.name }.joined(separator: ", "))")
      }
      show(family)
    }
  }

  private func list() {
    let tasks = FamilyPurpose.Task.allCases.filter { $0.rawValue == task ?? $0.rawValue }
    TextTable(
      ["FOR", "FAMILY", "CHOOSE IT"],
      tasks.flatMap { task in
        Catalogue.families.filter { $0.purpose.task == task }.enumerated().map { [$0 == 0 ? task.rawValue : "", $1.name, $1.purpose.choice] }
      }
    ).print()
  }

  private func show(_ family: any ModelFamily.Type) {
    print(family.summary)
    print("Choose it \(family.purpose.choice).")
    print("operations: \(RequestKind.names(offeredBy: family).joined(separator: ", "))")
    show("configuration", family.configurationFields)
    show("training", family.trainable?.trainingFields ?? [])
  }

  private func show(_ part: String, _ fields: [SettingField]) {
    guard !fields.isEmpty else { return }
    print("\n\(part):")
    TextTable(["FIELD", "DEFAULT", "MEANING"], fields.map { [$0.name, $0.defaultText ?? "required", $0.summary] }).print()
  }
}
