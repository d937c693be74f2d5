internal import Foundation

/// Data sets that a Debian package installs.
package enum NamedDataSet: String, Sendable, CaseIterable {
  case fashionMNIST = "fashion-mnist"

  /// The Debian package and the folder that it fills.
  private var installation: (package: String, folder: String) {
    switch self {
    case .fashionMNIST: ("dataset-fashion-mnist", "/usr/share/datasets/fashion-mnist")
    }
  }

  /// In the order of their numbers.
  private var classes: [String] {
    switch self {
    // Xiao, Rasul and Vollgraf 2017, table 2.
    case .fashionMNIST:
      ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
    }
  }

  func load(_ split: DataSource.Split) throws -> DataSet {
    try DataSource.idx(path(split, "images-idx3-ubyte.gz"), name: split == .train ? rawValue : "\(rawValue)/test")
  }

  func loadLabels(_ split: DataSource.Split) throws -> Labels {
    try LabelSource(source: path(split, "labels-idx1-ubyte.gz"), names: classes).load(table: nil)
  }

  private func path(_ split: DataSource.Split, _ name: String) throws(DataError) -> String {
    let (package, folder) = installation
    let path = "\(folder)/\(split == .train ? "train" : "t10k")-\(name)"
    guard FileManager.default.fileExists(atPath: path) else {
      throw DataError("\(rawValue) is not installed: there is no \(path). Install it with: apt-get install \(package)")
    }
    return path
  }
}
