internal import Foundation
internal import Modelling

extension NamedDataSet {
  /// 28 x 28 pictures of clothes in ten classes (Xiao, Rasul and Vollgraf 2017), from the Debian package dataset-fashion-mnist.
  static let fashionMNIST = NamedDataSet(
    name: "fashion-mnist", space: Signature.image(height: 28, width: 28).space,
    files: DataSource.Split.allCases.flatMap { split in [images, labels].map { path(split, $0) } }
  ) { split in
    try ImageFiles.idx(installed(split, images), name: split == .train ? "fashion-mnist" : "fashion-mnist/test")
  } labels: { split in
    // Their table 2, in the order of the classes' numbers.
    try LabelSource(
      source: installed(split, labels),
      names: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
    ).load(table: nil)
  }

  private static let (images, labels) = ("images-idx3-ubyte.gz", "labels-idx1-ubyte.gz")

  private static func path(_ split: DataSource.Split, _ name: String) -> String {
    "/usr/share/datasets/fashion-mnist/\(split == .train ? "train" : "t10k")-\(name)"
  }

  private static func installed(_ split: DataSource.Split, _ name: String) throws(DataError) -> String {
    let path = Self.path(split, name)
    guard FileManager.default.fileExists(atPath: path) else {
      throw DataError("fashion-mnist is not installed: there is no \(path). Install it with: apt-get install dataset-fashion-mnist")
    }
    return path
  }
}
