import BNormCore
import BNormTensor
import CBNormKernels

/// The largest element of each window.
struct MaxPool: PlannedOperation {
  static let opNames = ["MaxPool", "MaxPool3D"]
  let geometry: PoolGeometry

  init(_ node: NodeContext) throws {
    geometry = try PoolGeometry(node, rank: node.op == "MaxPool3D" ? 5 : 4)
    if node.op == "MaxPool3D" { try geometry.requireSpatial() }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    [try geometry.infer(inputs[0].shape)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    geometry.rank == 5 ? try lower3D(context) : try MaxPool.lower(context, geometry)
  }

  private func lower3D(_ context: Lowering) throws -> Kernel {
    try geometry.layout.lower(context, inputs: [0], outputs: [0]) { context in
      try HalfBridge.lower(context) { context in
        let window = try geometry.convWindow(context.inputShape(0).dimensions)
        return .run { io in
          window.withC {
            bnk_nn_max_pool_3d_f32(
              $0, io.input(0).assumingMemoryBound(to: Float.self),
              io.output(0).assumingMemoryBound(to: Float.self))
          }
        }
      }
    }
  }

  static func lower(_ context: Lowering, _ geometry: PoolGeometry) throws -> Kernel {
    try geometry.layout.lower(context, inputs: [0], outputs: [0]) { context in
      let window = try geometry.convWindow(context.inputShape(0).dimensions)
      if context.inputDType(0) == .float, let pool = window.pool2d {
        return .run(label: "max") { io in
          var shape = pool
          bnk_max_pool2d_f32(
            &shape, io.input(0).assumingMemoryBound(to: Float.self),
            io.output(0).assumingMemoryBound(to: Float.self))
        }
      }
      let dtype = bnk_dtype(rawValue: UInt32(context.inputDType(0).rawValue))
      return .run(label: "max") { io in
        window.withC { bnk_nn_max_pool(dtype, $0, io.input(0), io.output(0)) }
      }
    }
  }
}

/// As `MaxPool`, window and strides being inputs.
struct MaxPoolV2: PlannedOperation {
  static let opNames = ["MaxPoolV2"]
  let layout: Layout
  let padding: Padding

  init(_ node: NodeContext) throws {
    layout = try PoolGeometry.layout(node)
    padding = try Padding(node, rank: 4, layout: layout)
  }

  var valueInputs: [Int] { [1, 2] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(4, "input 0 (input)")
    try inputs[1].shape.requireRank(1, "input 1 (ksize)")
    try inputs[2].shape.requireRank(1, "input 2 (strides)")
    guard let window = inputs[1].integers, let strides = inputs[2].integers else {
      return [.unknown(rank: 4)]
    }
    let geometry = try PoolGeometry(
      layout: layout, padding: padding, window: window, strides: strides)
    return [try geometry.infer(inputs[0].shape)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    try MaxPool.lower(
      context,
      PoolGeometry(
        layout: layout, padding: padding, window: context.inputs[1].integers ?? [],
        strides: context.inputs[2].integers ?? []))
  }
}
