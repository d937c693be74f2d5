import ArgumentParser
import Modelling
import Service

struct ImputeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: ImputeRequest.name, abstract: ImputeRequest.summary,
    discussion: """
      With a CSV file in and -o OUT.csv, observed cells come out byte for byte as they stood; \
      mode draws writes every row's draws one below the other, numbered in a first column "imputation". \
      Such files may be of any size: they are checked first, then computed block by block, and OUT.csv appears when it is whole. \
      Of images, -o OUT.png shows every image with its hole, what it was completed to, and, where --mask hid some of it, what was there.
      """)

  @OptionGroup var arguments: OperationArguments
  @OptionGroup var inputArguments: InputArguments
  @Argument(help: "Items with holes: a .csv, .json, .png, .npy or .raw (float32, little-endian) file; - is standard input.", completion: .file())
  var input: String
  @Option(help: "Latent draws; with mode draws as many completed tables. (default: 5)")
  var draws: Int?
  @Option(help: "draws (sampled values, for multiple imputation) or point (means and likeliest categories). (default: draws)")
  var mode: String?

  @Option(help: "What to hide of images: a .png of the same size, white where pixels are hidden, or \(PixelMask.grammar).", completion: .file())
  var mask: String?
  @Flag(inversion: .prefixedNo, help: "List in JSON what is believed of every missing number. (default: for tables and vectors)")
  var cells: Bool?
  @Flag(inversion: .prefixedNo, help: "Show in a PNG the image with its hole and as it was sent beside what it was completed to.")
  var compare = true

  func run() async throws {
    let isFile = mask?.lowercased().hasSuffix(".png") ?? false
    let options = [
      "draws": draws.map { "\($0)" }, "mode": mode, "mask": isFile ? nil : mask, "cells": cells.map { "\($0)" }, "compare": compare ? nil : "false",
    ]
    try await arguments.perform(RequestKind(ImputeRequest.self), options, input: input, as: inputArguments, mask: isFile ? mask : nil)
  }
}
