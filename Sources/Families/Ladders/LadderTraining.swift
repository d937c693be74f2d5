package import Modelling

/// How a ladder learns: by which divergence, on which schedule, from which inputs.
package struct LadderTraining: Settings {
  package var schedule: LadderSchedule
  /// λ of λ MMD in place of the KL term; nil for the KL term.
  package var discrepancyWeight: Float?
  /// What the encoder sees instead of items.
  package var denoising: Denoising?

  package init() { self.init(LadderSchedule()) }

  package init(_ schedule: LadderSchedule, discrepancyWeight: Float? = nil, denoising: Denoising? = nil) {
    (self.schedule, self.discrepancyWeight, self.denoising) = (schedule, discrepancyWeight, denoising)
  }

  package static let table = Table<Self> {
    Part(\.schedule)
    Setting(
      "mmd_weight", \.discrepancyWeight, in: Above(0), writesNull: true,
      "L: every layer's KL term is replaced by L times the maximum mean discrepancy between the codes of a batch and draws of their prior "
        + "(Zhao et al. 2017, whose L is 100). Absent: the KL term.")
    Setting(
      "denoising", \.denoising, writesNull: true,
      "What the encoder sees is changed at random while the model learns; the likelihood is that of the items as they are. Absent: nothing.")
  }

  func check(_ signature: Signature) throws(Fault) {
    guard let denoising, denoising.share > 0, signature.space.picture == nil else { return }
    throw Fault(
      field: "denoising.share", given: "\(denoising.share)",
      expected: "0: columns have no least and greatest value, as pixels do; use denoising.noise")
  }
}
