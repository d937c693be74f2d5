import Families
import FamilyExamples
import Formats
import Foundation
import Modelling
import Optimisation
import Testing

@Suite("Catalogue")
struct CatalogueTests {
  @Test("families are sorted by name, and no name is there twice")
  func sorted() {
    let names = Catalogue.families.map { $0.name }
    #expect(names == Array(Set(names)).sorted())
    for name in names { #expect(Catalogue.family(named: name)?.name == name) }
    #expect(Catalogue.family(named: "no such family") == nil)
  }

  @Test("every family has an example, and every example is of a family")
  func examples() { #expect(Set(FamilyExample.all.map(\.family)) == Set(Catalogue.families.map { $0.name })) }

  @Test("the documented fields are the ones that a configuration has", arguments: Catalogue.families.map { $0.name })
  func fields(_ name: String) throws {
    func check<Family: ModelFamily>(_: Family.Type) throws {
      let examples = FamilyExample.all.filter { $0.family == Family.name }
      var written: Set<String> = []
      for example in examples {
        let configuration = try StrictJSON.decode(Family.Configuration.self, from: Array(example.configuration.utf8))
        written.formUnion(try members(configuration).keys)
      }
      let fields = Family.configurationFields
      #expect(written.isSubset(of: fields.map(\.name)))
      // What no example says has no value where it is absent.
      #expect(fields.filter { !written.contains($0.name) }.allSatisfy { $0.default == .null })
      #expect(Family.configurationFields.allSatisfy { !$0.summary.isEmpty && $0.summary.hasSuffix(".") })
    }
    let family = try #require(Catalogue.family(named: name))
    try check(family)
  }

  @Test("a documented default is what an absent field stands for", arguments: Catalogue.families.map { $0.name })
  func defaults(_ name: String) throws {
    func check<Family: ModelFamily>(_: Family.Type) throws {
      let example = try #require(FamilyExample.all.first { $0.family == Family.name })
      let given = try object(example.configuration)
      let needed = given.filter { name, _ in Family.configurationFields.contains { $0.name == name && $0.isRequired } }
      let bare = try decode(Family.Configuration.self, needed)
      for field in Family.configurationFields {
        guard let value = field.defaultText else { continue }
        var explicit = needed
        explicit[field.name] = try JSONValue(parsing: Array(value.utf8))
        #expect(try members(decode(Family.Configuration.self, explicit)) == members(bare), "\(field.name)")
      }
    }
    let family = try #require(Catalogue.family(named: name))
    try check(family)
  }

  @Test("documented training fields and their defaults are those of the options", arguments: Catalogue.families.map { $0.name })
  func trainingFields(_ name: String) throws {
    func check<Family: Trainable>(_: Family.Type) throws {
      let bare = try members(decode(Family.TrainingOptions.self, [:]))
      #expect(Set(bare.keys) == Set(Family.trainingFields.map(\.name)))
      for field in Family.trainingFields {
        let value = try #require(field.defaultText)
        let explicit = try decode(Family.TrainingOptions.self, [field.name: JSONValue(parsing: Array(value.utf8))])
        #expect(try members(explicit) == bare, "\(field.name)")
      }
    }
    if let family = Catalogue.family(named: name) as? any Trainable.Type { try check(family) }
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ members: [String: JSONValue]) throws -> Value {
    try StrictJSON.decode(type, from: .object(members.map { JSONValue.Member(name: $0.key, value: $0.value) }))
  }

  private func members(_ value: some Encodable) throws -> [String: JSONValue] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try object(String(decoding: encoder.encode(value), as: UTF8.self))
  }

  private func object(_ text: String) throws -> [String: JSONValue] {
    guard case .object(let members) = try JSONValue(parsing: Array(text.utf8)) else { return [:] }
    return Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })
  }
}
