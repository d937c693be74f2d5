import ArgumentParser
import Registry

/// What a server remembers of the requests that it answers.
struct RecordingArguments: ParsableArguments {
  @Option(help: "Requests to models that are recorded as runs: none, errors or all. Recording never delays an answer.")
  var record: InferenceRecorder.Policy = .all
  @Option(help: ArgumentHelp("Recorded requests kept; beyond that the oldest go. Runs of other kinds stay.", valueName: "n"))
  var recordLimit = InferenceRecorder.Options().retention
  @Option(
    help: ArgumentHelp(
      "Keep the bodies of requests up to this size, so that they can be replayed. (default: none, unless a request says \"record\": true)",
      valueName: "bytes"))
  var recordInputs = 0

  var options: InferenceRecorder.Options {
    var options = InferenceRecorder.Options()
    (options.policy, options.retention, options.keptInputBytes) = (record, recordLimit, recordInputs)
    return options
  }

  func validate() throws {
    guard recordLimit >= 1 else { throw ValidationError("--record-limit is \(recordLimit), expected at least 1") }
    guard recordInputs >= 0 else { throw ValidationError("--record-inputs is \(recordInputs), expected 0 or more bytes") }
  }
}

extension InferenceRecorder.Policy: ExpressibleByArgument {}
