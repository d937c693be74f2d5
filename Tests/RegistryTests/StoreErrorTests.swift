import Formats
import ModelFiles
import Registry
import Testing

@Suite("StoreError")
struct StoreErrorTests {
  private static let run = RunID(earliestAt: 0)

  @Test(
    "a sentence says what was given and what there is or would do",
    arguments: [
      (.invalidModelName(given: "A b"), ["'A b'", "1 to 64", "a-z"]), (.invalidAlias(given: "3"), ["'3'", "letter"]),
      (.invalidReference(given: "m@0"), ["'m@0'", "name@3", "name@alias"]), (.invalidPageToken(given: "x"), ["'x'", "next_page_token"]),
      (.invalidLimit(given: 0, allowed: 1...1000), ["0", "1 to 1000"]),
      (.invalidSeed(given: 1 << 63), ["9223372036854775808", "9223372036854775807"]),
      (.tooLarge(limit: 10), ["10 bytes"]), (.unknownModel(name: "x", existing: []), ["'x'", "no models yet"]),
      (.unknownModel(name: "x", existing: ["a", "b"]), ["'x'", "a, b"]),
      (.unknownModel(name: "fashon-mnist", existing: ["digits", "fashion-mnist"]), ["did you mean 'fashion-mnist'?"]),
      (.nameTaken(name: "taken"), ["'taken'", "never repeat"]),
      (.unknownModel(name: "x", existing: (1...13).map { "m\($0)" }), ["m1, m2", "m10 and 3 more"]),
      (.unknownVersion(model: "m", version: 9, existing: [1, 2]), ["'m'", "9", "1, 2"]),
      (.unknownAlias(model: "m", alias: "live", existing: ["best"], versions: [4]), ["'live'", "best", "4"]),
      (.unknownRun(id: "x"), ["'x'"]), (.versionInUse(model: "m", version: 3, aliases: ["best", "live"]), ["m@3", "best, live"]),
      (.runNotRunning(id: run, status: .failed), [run.description, "failed"]), (.diskFull(path: "/s"), ["/s", "full", "nothing was changed"]),
      (.readOnly(path: "/s"), ["/s", "read-only", "nothing was changed"]), (.busy(path: "/s"), ["/s", "try again"]),
      (.newerStore(path: "/s", migrations: ["0009-x.sql"]), ["/s", "0009-x.sql", "newer build"]),
      (.unusable(path: "/s", reason: "No such device"), ["/s", "No such device"]),
      (.invalidModelName(given: String(repeating: "x", count: 5000)), [String(repeating: "x", count: 80) + "..."]),
    ] as [(StoreError, [String])])
  func sentence(_ error: StoreError, _ parts: [String]) {
    for part in parts { #expect(error.description.contains(part), "\(error)") }
    #expect(error.description.count < 500)
  }
}
