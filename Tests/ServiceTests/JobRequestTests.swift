import Formats
import Modelling
import Service
import Testing

@Suite("What a job is asked")
struct JobRequestTests {
  private func fault(_ text: String) throws -> String? {
    let request = try StrictJSON.decode(JobRequest.self, from: Array(text.utf8))
    do { try request.validate() } catch { return error.field }
    return nil
  }

  @Test(
    "what has no effect on a kind, contradicts something else, or is needed and missing is refused by its name",
    arguments: [
      (#"{"kind":"evaluate","model":"m"}"#, "dataset"), (#"{"kind":"robustness","dataset":"d"}"#, "model"), (#"{"kind":"train"}"#, "dataset"),
      (#"{"kind":"train","dataset":"d","masks":"half"}"#, "masks"), (#"{"kind":"evaluate","model":"m","dataset":"d","items":5}"#, "items"),
      (#"{"kind":"robustness","model":"m","dataset":"d","k":5}"#, "k"), (#"{"kind":"impute","dataset":"d","attack":{}}"#, "attack"),
      (#"{"kind":"evaluate","model":"m","dataset":"d","masks":"half","k":0}"#, "k"),
      (#"{"kind":"evaluate","model":"m","dataset":"d","fit_dataset":"e","fit":false}"#, "fit"),
      (#"{"kind":"evaluate","model":"m","dataset":"d","fit_labels":"l.idx"}"#, "fit_labels"),
      (#"{"kind":"evaluate","model":"m","dataset":"d","fit":false,"probe":true}"#, "fit"),
      (#"{"kind":"evaluate","model":"m","dataset":"d","labels":"l.idx","probe":true}"#, "fit_dataset"),
      (#"{"kind":"train","dataset":"d","probe":true}"#, "probe"),
      (#"{"kind":"robustness","model":"m","dataset":"d","labels":"l.idx"}"#, "labels"),
      (#"{"kind":"robustness","model":"m","dataset":"d","attack":{"steps":0}}"#, "attack.steps"),
    ])
  func refused(_ text: String, _ field: String) throws { #expect(try fault(text) == field) }

  @Test(
    "what goes together is taken",
    arguments: [
      #"{"kind":"evaluate","model":"m","dataset":"d","masks":"band:3","k":5,"split":"train","reading":{"separator":";"}}"#,
      #"{"kind":"evaluate","model":"m","dataset":"d","labels":"l.idx","fit_dataset":"e","fit_labels":"k.idx","fit_limit":9,"samples":10,"probe":true}"#,
      #"{"kind":"evaluate","model":"m","dataset":"fashion-mnist","probe":true,"k":0}"#,
      #"{"kind":"robustness","model":"m","dataset":"d","items":5,"labels":"l.idx","attack":{"objective":"downstream","steps":3},"seed":2}"#,
    ])
  func taken(_ text: String) throws { #expect(try fault(text) == nil) }
}
