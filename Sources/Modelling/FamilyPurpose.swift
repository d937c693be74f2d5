/// What a family is for, and when to take it rather than its neighbours.
package struct FamilyPurpose: Sendable {
  /// What people come with; families are grouped by it.
  package enum Task: String, CaseIterable, Sendable {
    /// Missing cells of tables and pixels of images.
    case imputation
    /// Clusters, and classes of which none, some or all are labelled.
    case classes
    /// A code for every item, with samples and scores.
    case codes
    /// Samples alone.
    case samples
    /// Items without loss in few bits.
    case compression
    case texts
  }

  package let task: Task
  /// The end of "Choose it …".
  package let choice: String

  package init(_ task: Task, choose choice: String) { (self.task, self.choice) = (task, choice) }
}
