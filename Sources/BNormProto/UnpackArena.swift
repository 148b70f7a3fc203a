import BNormTensor
import CProtobufC
import Glibc

/// The memory of unpacked protobuf-C messages: many small pieces that are dropped together, and
/// large buffers that can be taken over without a copy.
public final class UnpackArena {
  /// Buffers from this size on are allocated singly, 64-byte aligned, and can be taken over.
  public static let largeSize = 4096
  private static let blockSize = 64 << 10

  private let allocator: UnsafeMutablePointer<ProtobufCAllocator>
  private var blocks: [UnsafeMutableRawPointer] = []
  private var current = 0
  private var used = 0
  private var large: Set<UnsafeMutableRawPointer> = []

  public init() {
    allocator = .allocate(capacity: 1)
    allocator.initialize(
      to: ProtobufCAllocator(
        alloc: { data, size in UnpackArena.of(data).allocate(size) },
        free: { data, pointer in UnpackArena.of(data).release(pointer) },
        allocator_data: nil))
    allocator.pointee.allocator_data = Unmanaged.passUnretained(self).toOpaque()
    blocks.append(.allocate(byteCount: UnpackArena.blockSize, alignment: 64))
  }

  deinit {
    large.forEach { Glibc.free($0) }
    blocks.forEach { $0.deallocate() }
    allocator.deallocate()
  }

  /// Unpacks a message; it is valid until `reset`. `initialize` is the message's generated `init`.
  public func unpack<Message>(
    _ name: String, _ bytes: UnsafeRawBufferPointer,
    _ initialize: (UnsafeMutablePointer<Message>) -> Void
  ) throws -> UnsafeMutablePointer<Message> {
    let descriptor = UnpackArena.descriptor(initialize)
    try NestingCheck.check(bytes, descriptor)
    let data = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    guard let message = protobuf_c_message_unpack(descriptor, allocator, bytes.count, data) else {
      throw BNormError.invalid("malformed protobuf: no valid \(name)")
    }
    return UnsafeMutableRawPointer(message).assumingMemoryBound(to: Message.self)
  }

  /// The description of a message, which its generated `init` refers to.
  static func descriptor<Message>(
    _ initialize: (UnsafeMutablePointer<Message>) -> Void
  ) -> UnsafePointer<ProtobufCMessageDescriptor> {
    let empty = UnsafeMutablePointer<Message>.allocate(capacity: 1)
    defer { empty.deallocate() }
    initialize(empty)
    return UnsafeRawPointer(empty).assumingMemoryBound(to: ProtobufCMessage.self).pointee.descriptor
  }

  /// Hands a large buffer over to the caller, who frees it with `free`; false if it is not one.
  public func take(_ pointer: UnsafeMutableRawPointer) -> Bool { large.remove(pointer) != nil }

  /// Drops every message.
  public func reset() {
    large.forEach { Glibc.free($0) }
    large.removeAll(keepingCapacity: true)
    while blocks.count > 4, let block = blocks.popLast() { block.deallocate() }
    current = 0
    used = 0
  }

  private func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
    if size >= UnpackArena.largeSize {
      var pointer: UnsafeMutableRawPointer?
      guard posix_memalign(&pointer, 64, size) == 0, let pointer else { return nil }
      large.insert(pointer)
      return pointer
    }
    let rounded = (max(size, 1) + 15) & ~15
    if used + rounded > UnpackArena.blockSize {
      current += 1
      used = 0
      if current == blocks.count {
        blocks.append(.allocate(byteCount: UnpackArena.blockSize, alignment: 64))
      }
    }
    defer { used += rounded }
    return blocks[current] + used
  }

  private func release(_ pointer: UnsafeMutableRawPointer?) {
    if let pointer, large.remove(pointer) != nil { Glibc.free(pointer) }
  }

  private static func of(_ data: UnsafeMutableRawPointer?) -> UnpackArena {
    Unmanaged<UnpackArena>.fromOpaque(data!).takeUnretainedValue()
  }
}
