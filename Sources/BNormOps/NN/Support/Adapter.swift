import BNormCore
import BNormTensor

/// How a kernel that was lowered for other tensors gets its inputs and gives its outputs.
struct Adapter: Sendable {
  enum Kind: Sendable {
    case pass
    /// The kernel sees this tensor in place of the input.
    case constant(Tensor)
    /// The kernel sees `bytes` bytes of scratch memory that `convert` fills (inputs) or reads.
    case convert(bytes: Int, @Sendable (UnsafeRawPointer, UnsafeMutableRawPointer) -> Void)
  }
  let kind: Kind

  static let pass = Adapter(kind: .pass)

  private var bytes: Int {
    if case .convert(let bytes, _) = kind { return (bytes + 63) & ~63 }
    return 0
  }

  /// `kernel` between conversions of its inputs and outputs.
  static func wrap(_ kernel: Kernel, inputs: [Adapter], outputs: [Adapter]) throws -> Kernel {
    guard case .function(let inner) = kernel else {
      throw BNormError.unsupported("an alias cannot be converted")
    }
    let innerBytes = (inner.scratchBytes + 63) & ~63
    let total = (inputs + outputs).reduce(innerBytes) { $0 + $1.bytes }
    let count = inputs.count + outputs.count
    return .function(
      KernelFunction(scratchBytes: total, label: inner.label) { io in
        var free = io.scratch(outputs: outputs.count)
        let scratch = free
        free += innerBytes
        try withUnsafeTemporaryAllocation(
          of: UnsafeMutableRawPointer.self, capacity: count + 1
        ) { slots in
          try withUnsafeTemporaryAllocation(of: Int32.self, capacity: count + 1) { map in
            slots.initialize(repeating: scratch)
            for i in 0...count { map.initializeElement(at: i, to: Int32(i)) }
            for (i, adapter) in inputs.enumerated() {
              switch adapter.kind {
              case .pass: slots[i] = UnsafeMutableRawPointer(mutating: io.input(i))
              case .constant(let tensor): slots[i] = tensor.storage.pointer
              case .convert(_, let convert):
                convert(io.input(i), free)
                slots[i] = free
                free += adapter.bytes
              }
            }
            for (i, adapter) in outputs.enumerated() {
              slots[inputs.count + i] = io.output(i)
              if case .convert = adapter.kind {
                slots[inputs.count + i] = free
                free += adapter.bytes
              }
            }
            try inner.body(
              KernelIO(
                slots: UnsafePointer(slots.baseAddress!), map: UnsafePointer(map.baseAddress!),
                inputCount: Int32(inputs.count)))
            for (i, adapter) in outputs.enumerated() {
              if case .convert(_, let convert) = adapter.kind {
                convert(UnsafeRawPointer(slots[inputs.count + i]), io.output(i))
              }
            }
          }
        }
      })
  }
}
