// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// Arrows only point down: a target names exactly the targets that it may see.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

let package = Package(
  name: "posterior",
  // Exact, so that everybody builds the same: Package.resolved holds commits of whatever mirror it was made from, and is not part of the project.
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
  ],
  targets: [
    .systemLibrary(name: "CEpoll"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // Always optimised: a debug build of the element-wise kernels would make every test wait.
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-fno-math-errno"])]),
    .target(name: "CCurl"),
    .target(name: "CResources", cSettings: [.unsafeFlags(["-Wno-c23-extensions"])]),

    library("Locking", []),
    library("Formats", ["COpenSSL", "CPNG", "CZlib"]),
    library("Tensors", ["CKernels", "Locking"]),
    library("Coding", ["CKernels", "Formats"]),
    library("Networks", ["Locking", "Tensors"]),
    library("Distributions", ["Tensors"]),
    library("Modelling", ["Coding", "Tensors", "Networks", "Distributions", "Formats"]),
    library("ModelFiles", ["Modelling", "CResources", "Distributions", "Tensors", "Networks", "Formats"]),
    library("Optimisation", ["Modelling", "CKernels", "Tensors", "Networks", "Formats"]),
    library("Families", ["CKernels", "Coding", "Locking", "Optimisation", "Modelling", "Tensors", "Networks", "Distributions", "Formats"]),
    library("Data", ["Modelling", "Distributions", "Tensors", "Formats", "Locking"]),
    library(
      "Learning",
      ["CKernels", "Data", "ModelFiles", "Optimisation", "Modelling", "Locking", "Tensors", "Distributions", "Networks", "Formats"]),
    library("Evaluation", ["Data", "ModelFiles", "Modelling", "Distributions", "Tensors", "Formats", "Locking"]),
    library("Studies", ["Learning", "Data", "ModelFiles", "Modelling", "Distributions", "Formats"]),
    library("Robustness", ["Modelling", "Distributions", "Tensors", "Formats", "Locking"]),
    library(
      "Registry",
      [
        "Formats", "Locking", "ModelFiles", "Modelling", "CResources", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
      ]),
    library("HTTP", ["Locking", "CEpoll", "COpenSSL", "CZlib"]),
    library("Benchmarking", ["CEpoll", "CKernels", "Locking", "Tensors"]),
    library(
      "Service",
      [
        "Coding", "Formats", "Locking", "Tensors", "Networks", "Distributions", "Modelling", "ModelFiles", "Robustness", "Evaluation", "Learning",
        "Optimisation", "Data", "Registry", "HTTP", "CResources",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .executableTarget(
      name: "posterior",
      dependencies: [
        "CCurl", "Coding", "Service", "HTTP", "Benchmarking", "Registry", "Robustness", "Studies", "Evaluation", "Learning", "Optimisation", "Data",
        "Families", "ModelFiles",
        "Modelling", "Networks", "Tensors",
        "Formats", "Locking",
        .product(name: "ArgumentParser", package: "swift-argument-parser"), .product(name: "Logging", package: "swift-log"),
      ],
      // The tests of commands reach into this target, in the release build as well.
      swiftSettings: settings + [.unsafeFlags(["-enable-testing"])]),

    .target(name: "TemporaryFolders", path: "Tests/TemporaryFolders", swiftSettings: settings),
    // A small model of every family, for the laws that all of them keep.
    .target(
      name: "FamilyExamples", dependencies: ["Families", "Modelling", "Networks", "Tensors", "Formats"], path: "Tests/FamilyExamples",
      swiftSettings: settings),

    tests("KernelsTests", ["CKernels"]),
    tests("FormatsTests", ["Formats"]),
    tests("TensorsTests", ["Tensors"]),
    tests("CodingTests", ["Coding", "Formats", "Locking"]),
    tests("NetworksTests", ["Networks", "Tensors"]),
    tests("DistributionsTests", ["Distributions", "Tensors"]),
    tests("ModellingTests", ["Modelling", "Tensors", "Formats"]),
    tests("OptimisationTests", ["Optimisation", "Families", "Modelling", "Networks", "Tensors"]),
    tests("ModelFilesTests", ["Modelling", "ModelFiles", "Networks", "Tensors", "Formats"]),
    tests(
      "FamiliesTests",
      ["FamilyExamples", "Families", "Optimisation", "ModelFiles", "Modelling", "Networks", "Distributions", "Tensors", "Formats", "Coding"]),
    tests("RobustnessTests", ["FamilyExamples", "Robustness", "Families", "Modelling", "Networks", "Distributions", "Tensors", "Formats"]),
    tests("DataTests", ["TemporaryFolders", "Learning", "Data", "Families", "ModelFiles", "Modelling", "Tensors", "Formats"]),
    tests(
      "LearningTests",
      ["TemporaryFolders", "Learning", "Optimisation", "Data", "Families", "ModelFiles", "Modelling", "Networks", "Tensors", "Formats"]),
    tests(
      "EvaluationTests",
      ["Evaluation", "Learning", "Optimisation", "Data", "Families", "ModelFiles", "Modelling", "Networks", "Tensors", "Formats"]),
    tests("StudiesTests", ["TemporaryFolders", "Studies", "Learning", "Data", "ModelFiles", "Modelling", "Formats"]),
    tests(
      "RegistryTests", ["Registry", "Locking", "ModelFiles", "Modelling", "Formats", "CResources", .product(name: "GRDB", package: "GRDB.swift")]),
    tests("HTTPTests", ["HTTP", "Locking"]),
    tests("BenchmarkingTests", ["Benchmarking", "HTTP", "Locking", "Tensors"]),
    tests(
      "posteriorTests",
      [
        "TemporaryFolders", "posterior", "Benchmarking", "Studies", "Formats", "Families", "HTTP", "ModelFiles", "Modelling", "Learning", "Data",
        "Registry",
        "Tensors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    tests(
      "ServiceTests",
      [
        "Coding", "FamilyExamples", "Distributions", "Service", "Locking", "HTTP", "Registry", "Learning", "Data", "Evaluation", "Families",
        "ModelFiles",
        "Modelling",
        "Networks", "Tensors", "Formats",
      ]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17
)
