// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"]),
]

// The sources are those of the service, by symbolic link: what is fuzzed is what is served.
let package = Package(
  name: "posterior",
  targets: [
    .systemLibrary(name: "CEpoll"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
    .target(name: "Locking", swiftSettings: settings),
    .target(name: "HTTP", dependencies: ["CEpoll", "COpenSSL", "CZlib", "Locking"], swiftSettings: settings),
    .target(name: "Fuzz", dependencies: ["HTTP"], swiftSettings: settings),
    // Has no main of its own: libFuzzer brings one, and a Swift executable's entry point would stand in its way.
    .executableTarget(name: "fuzz", dependencies: ["Fuzz"], path: "Sources/FuzzMain", linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]),
  ],
  swiftLanguageModes: [.v6]
)
