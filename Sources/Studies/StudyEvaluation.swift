package import Data
package import Modelling

/// What is measured of models of a study: what `posterior evaluate` takes, and of which models.
package struct StudyEvaluation: Settings {
  /// Stands before its metrics; nil where it is the only one of a model.
  package var name: String?
  package var recipes: [String]?
  package var trainedOn: [String]?
  package var data = ""
  package var format: DataSource.Format?
  package var split: DataSource.Split?
  package var limit: Int?
  package var k = 100
  package var samples: Int?
  package var labels: String?
  package var fitData: String?
  package var fitLabels: String?
  package var fitLimit: Int?
  package var fit = true
  /// nil, which is no: what is not asked for is no part of a job's digest, so that results of builds without it stay valid.
  package var probe: Bool?
  package var masks: PixelMask?
  package var seed = 0
  package var reading: TableOptions?

  package init() {}

  package static let table = Table<Self> {
    Setting("name", \.name, "Stands before the names of its metrics; absent: nothing does, as befits the only one of a model.")
    Setting("recipes", \.recipes, "The recipes whose models it is about; absent: all.")
    Setting("trained_on", \.trainedOn, "The study's data whose models it is about; absent: all.")
    Setting("data", \.data, required: true, "A data set's name, or the path of a file or folder.")
    Setting("data_format", \.format, "Of a file, where its name doesn't tell.")
    Setting("split", \.split, "Of a data set known by name; absent: test.")
    Setting("limit", \.limit, in: 1..., "At most so many items, from the first.")
    Setting("k", \.k, in: 0...10_000, "Draws of the importance-weighted bound; 0 measures no bounds.")
    Setting("samples", \.samples, in: 1...10_000_000, "Samples whose modes are counted, of data whose modes are known; absent: 2500.")
    Setting("labels", \.labels, "Classes of the items: a file, FILE.csv#COLUMN, or #COLUMN of the data's own CSV.")
    Setting(
      "fit_data", \.fitData, "What the map of clusters to classes, or a probe, is fitted on; absent: the training split of a data set known by name.")
    Setting("fit_labels", \.fitLabels, "Classes of those.")
    Setting("fit_limit", \.fitLimit, in: 1..., "At most so many of those, from the first.")
    Setting("fit", \.fit, "Whether the map is fitted on other items than the evaluated ones.")
    Setting("probe", \.probe, "Whether classes are read off the codes, by logistic regression that is fitted on fit_data; absent: no.")
    Setting("masks", \.masks, "What is hidden of every image, whose likelihood is then measured: \(PixelMask.grammar); absent: nothing.")
    Setting("seed", \.seed, in: 0..., expected: "0 to 2^63-1", "Of the noise.")
    Setting("reading", \.reading, "How the file of a table is read.")
  }

  package func check() throws(Fault) {
    if masks != nil, k == 0 { throw Fault(field: "k", given: "0", expected: "1 or more beside masks") }
    if !fit, fitData != nil { throw Fault(field: "fit", given: "false", expected: "true beside fit_data") }
    if probe == true, !fit { throw Fault(field: "fit", given: "false", expected: "true beside probe") }
    if fitData == nil, fitLabels != nil { throw Fault(field: "fit_labels", given: "there", expected: "nothing without fit_data") }
  }

  /// Without what says which models it is about.
  var ofOneModel: StudyEvaluation {
    var evaluation = self
    (evaluation.recipes, evaluation.trainedOn) = (nil, nil)
    return evaluation
  }
}
