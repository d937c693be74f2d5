internal import Foundation

/// Data sets that a Debian package installs, and one that is drawn here.
package enum NamedDataSet: String, Sendable, CaseIterable {
  case fashionMNIST = "fashion-mnist"
  case sprites

  func load(_ split: DataSource.Split) throws -> DataSet {
    switch self {
    case .fashionMNIST: try DataSource.idx(installed(split, "images-idx3-ubyte.gz"), name: split == .train ? rawValue : "\(rawValue)/test")
    case .sprites: Sprites(split).dataSet(split)
    }
  }

  func loadLabels(_ split: DataSource.Split) throws -> Labels {
    switch self {
    case .fashionMNIST:
      // Xiao, Rasul and Vollgraf 2017, table 2; in the order of their numbers.
      try LabelSource(
        source: installed(split, "labels-idx1-ubyte.gz"),
        names: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
      ).load(table: nil)
    case .sprites: Sprites(split).labels(split)
    }
  }

  /// The path of a file of Fashion-MNIST.
  private func installed(_ split: DataSource.Split, _ name: String) throws(DataError) -> String {
    let path = "/usr/share/datasets/fashion-mnist/\(split == .train ? "train" : "t10k")-\(name)"
    guard FileManager.default.fileExists(atPath: path) else {
      throw DataError("\(rawValue) is not installed: there is no \(path). Install it with: apt-get install dataset-fashion-mnist")
    }
    return path
  }
}
