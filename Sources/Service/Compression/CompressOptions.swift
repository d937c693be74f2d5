package import Modelling

/// What can be set where items are compressed.
package struct CompressOptions: Settings {
  package var chunk: Int?
  package var seed: Int?

  package init() {}

  package static let table = Table<Self> {
    Setting(
      "chunk", \.chunk, in: 1...,
      "Items of a chunk, each of which is read without the others: more of them take fewer bits, and more memory; "
        + "4096 where absent, of large items fewer, of rows 65536.")
    Setting(
      seedName, \.seed, in: 0..., expected: "0 to 2^63 - 1",
      "Chooses the random bits that the first code of a chunk is drawn with, 0 ... 2^63 - 1; drawn by the server where absent.")
  }
}
