// swift-tools-version: 6.2
import PackageDescription

// The importer, checkpoints and .npy under libFuzzer. Sources are links to the package's own.

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"]),
]
let cSettings: [CSetting] = [.unsafeFlags(["-fsanitize=fuzzer-no-link,address"])]

let package = Package(
  name: "fuzz",
  targets: [
    .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
    .target(name: "CTensorFlowProto", dependencies: ["CProtobufC"], cSettings: cSettings),
    .target(name: "COpDefs"),
    .target(
      name: "CBNormKernels", cSettings: [.unsafeFlags(["-O2", "-fno-math-errno"])],
      linkerSettings: [.linkedLibrary("m")]),
    .target(
      name: "BNormTensor", dependencies: ["CBNormKernels", "CZlib"], swiftSettings: swiftSettings),
    .target(
      name: "BNormCore", dependencies: ["BNormTensor", "CBNormKernels", "COpDefs"],
      swiftSettings: swiftSettings),
    .target(
      name: "BNormProto", dependencies: ["BNormTensor", "CTensorFlowProto", "CProtobufC"],
      swiftSettings: swiftSettings),
    .target(
      name: "BNormCheckpoint",
      dependencies: ["BNormProto", "BNormTensor", "CBNormKernels", "CTensorFlowProto"],
      swiftSettings: swiftSettings),
    .target(
      name: "BNormTensorFlow",
      dependencies: [
        "BNormCheckpoint", "BNormCore", "BNormProto", "BNormTensor", "CTensorFlowProto",
      ],
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "fuzz", dependencies: ["BNormTensorFlow", "BNormCheckpoint", "BNormCore"],
      swiftSettings: swiftSettings,
      linkerSettings: [
        .unsafeFlags(["-sanitize=address", "-Xlinker", Context.environment["FUZZER_LIBRARY"] ?? ""]),
        .linkedLibrary("stdc++"),
      ]),
  ]
)
