package import Modelling

/// A shell command that starts a job somewhere, such as `srun -n1 -c{threads} {job}` or `ssh node{slot} {script}`.
package struct CommandTemplate: Sendable, Equatable {
  package let text: String

  /// What stands in braces, for help and errors.
  package static let grammar =
    "{job} is the command line of the job, {script} the same as one quoted word, {id} its name, {threads} its threads, {slot} a number from 1 to --jobs"

  package init(_ text: String) throws(Fault) {
    guard text.contains("{job}") || text.contains("{script}") else {
      throw Fault(field: "command", given: "\"\(text)\"", expected: "a shell command with {job} or {script} in it: \(Self.grammar)")
    }
    self.text = text
  }

  /// The command for /bin/sh.
  package func command(_ words: [String], id: String, threads: Int, slot: Int) -> String {
    let job = words.map(Self.quoted).joined(separator: " ")
    let values = ["job": job, "script": Self.quoted(job), "id": id, "threads": "\(threads)", "slot": "\(slot)"]
    // In one pass, so that braces in what is put in stay as they are.
    var (command, rest) = ("", text[...])
    while let start = rest.firstIndex(of: "{") {
      command += rest[..<start]
      rest = rest[start...]
      if let end = rest.firstIndex(of: "}"), let value = values[String(rest[rest.index(after: start)..<end])] {
        command += value
        rest = rest[rest.index(after: end)...]
      } else {
        command += "{"
        rest = rest.dropFirst()
      }
    }
    return command + rest
  }

  /// A word that the shell takes as it is.
  static func quoted(_ word: String) -> String {
    let plain = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%=".utf8)
    guard word.isEmpty || !word.utf8.allSatisfy(plain.contains) else { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
