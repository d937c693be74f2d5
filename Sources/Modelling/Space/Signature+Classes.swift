extension Signature {
  /// What the names of components without a label begin with; no class may be called so.
  package static let newCluster = "new cluster "

  /// The class of a component, or `new cluster 0`, `new cluster 1`, ... for those that no label names.
  package func componentName(_ component: Int) -> String {
    let classes = classes ?? []
    return component < classes.count ? classes[component] : Self.newCluster + "\(component - classes.count)"
  }
}
