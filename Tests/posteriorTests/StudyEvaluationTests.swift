import ArgumentParser
import Data
import Formats
import Modelling
import Studies
import Testing

@testable import posterior

@Suite("An evaluation of a study")
struct StudyEvaluationTests {
  @Test("tells posterior evaluate everything that it says")
  func arguments() throws {
    let text = """
      {"data": "-x.csv", "data_format": "csv", "split": "train", "limit": 5, "k": 7, "samples": 11, "labels": "#class", "fit_data": "y.csv", \
      "fit_labels": "y.csv#class", "fit_limit": 3, "probe": true, "masks": "half", "seed": 13, "reading": {"separator": ";"}}
      """
    let evaluation = try StrictJSON.decode(StudyEvaluation.self, from: Array(text.utf8))
    let command = try EvaluateCommand.parse(evaluation.arguments(model: "m.safetensors"))
    #expect(command.model == "m.safetensors" && command.data == "-x.csv" && command.dataFormat == .csv && command.split == .train)
    #expect(command.limit == 5 && command.k == 7 && command.samples == 11 && command.seed == 13 && command.masks == evaluation.masks)
    #expect(command.labels == LabelSource(text: "#class") && command.fitLabels == LabelSource(text: "y.csv#class"))
    #expect(command.fitData == "y.csv" && command.fitLimit == 3 && !command.noFitData && command.probe)
    #expect(try command.reading.values() == evaluation.reading)
  }

  @Test("that says nothing leaves the command's own defaults")
  func defaults() throws {
    let evaluation = try StrictJSON.decode(StudyEvaluation.self, from: Array(#"{"data": "ring"}"#.utf8))
    let (told, plain) = (
      try EvaluateCommand.parse(evaluation.arguments(model: "m")), try EvaluateCommand.parse(["m", "--data", "ring"])
    )
    #expect(told.k == plain.k && told.samples == plain.samples && told.split == plain.split && told.seed == plain.seed)
    #expect(told.limit == nil && told.masks == nil && told.labels == nil && !told.noFitData && !told.probe)
    // A member more would make results of earlier builds those of another evaluation.
    #expect(JSONValue(encoding: evaluation).line == #"{"data": "ring", "fit": true, "k": 100, "seed": 0}"#)
    let alone = try StrictJSON.decode(StudyEvaluation.self, from: Array(#"{"data": "ring", "fit": false}"#.utf8))
    #expect(try EvaluateCommand.parse(alone.arguments(model: "m")).noFitData)
  }
}

@Suite("The table of a study")
struct StudyTableTests {
  @Test("names jobs that wait together, and shows nothing of what nothing measured")
  func waiting() throws {
    let text = """
      {"name": "ring", "seeds": [1, 2], "recipes": [{"name": "a", "recipe": {"family": "vae", "data": {"source": "ring"}}}], \
      "evaluations": [{"data": "ring"}], "metrics": ["elbo_nats"]}
      """
    let plan = try StudyPlan(Study(parsing: Array(text.utf8), folder: "/"))
    let missing = plan.jobs.map { StudyReport.Failure(job: $0.id, reason: "not done yet") }
    #expect(
      StudyTable(StudyReport(plan, results: [:], missing: missing)).lines == [
        "ring: 2 jobs, 0 with a result", "", "without a result:", "  a.1, a.2: not done yet",
      ])
  }
}
