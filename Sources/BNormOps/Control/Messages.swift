import BNormCore
import BNormTensor
import Glibc

/// Throws with the data as text unless the condition holds.
struct Assert: EagerOperation {
  static let opNames = ["Assert"]
  private let limit: Int

  init(_ node: NodeContext) throws { limit = try node.int32("summarize") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(0, "input 0 (condition)")
    return []
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank == 0 else {
      throw BNormError.invalid(
        "In[0] should be a scalar: input 0 (condition) has shape \(inputs[0].shape)")
    }
    guard !inputs[0].elements(Bool.self)[0] else { return [] }
    let data = inputs.dropFirst().map { "[" + TensorText.summary($0, limit: limit) + "]" }
    throw BNormError.invalid("assertion failed: " + data.joined(separator: " "))
  }
}

/// Prints tensors to standard error and passes its first input on.
struct Print: EagerOperation {
  static let opNames = ["Print"]
  private let message: String
  private let first: Int
  private let limit: Int

  init(_ node: NodeContext) throws {
    message = try node.string("message")
    first = try node.int32("first_n")
    limit = try node.int32("summarize")
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    if first >= 0 {
      let counter = try context.session.object(context.nodeKey) { Counter() }
      guard counter.next() <= first else { return [inputs[0]] }
    }
    let data = inputs.dropFirst().map { "[" + TensorText.summary($0, limit: limit) + "]" }
    context.session.print(message + data.joined() + "\n")
    return [inputs[0]]
  }

  private final class Counter: @unchecked Sendable {
    private let lock = Lock()
    private var count = 0
    func next() -> Int {
      lock.withLock {
        count += 1
        return count
      }
    }
  }
}

/// Prints a string.
struct PrintString: EagerOperation {
  static let opNames = ["PrintV2"]
  private let stream: String
  private let end: String

  init(_ node: NodeContext) throws {
    stream = try node.string("output_stream")
    end = try node.string("end")
    let known = ["stdout", "stderr", "log(info)", "log(warning)", "log(error)"]
    guard known.contains(stream) || stream.hasPrefix("file://") else {
      throw BNormError.invalid(
        "Unknown output stream: \(stream), Valid streams are: \(known.joined(separator: ", "))")
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank == 0 else {
      throw BNormError.invalid("Input is expected to be scalar, but got \(inputs[0].shape)")
    }
    let text = inputs[0].strings[0].string + end
    if stream == "stdout" {
      fflush(nil)
      write(text, to: STDOUT_FILENO)
    } else if stream.hasPrefix("file://") {
      let path = String(stream.dropFirst(7))
      guard let file = fopen(path, "a") else {
        throw BNormError.invalid("cannot append to \"\(path)\"")
      }
      defer { fclose(file) }
      fputs(text, file)
    } else {
      context.session.print(text)
    }
    return []
  }

  private func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard written > 0 else { return }
      rest = rest.dropFirst(written)
    }
  }
}

/// Ends the run with an error.
struct Abort: EagerOperation {
  static let opNames = ["Abort"]
  private let message: String

  init(_ node: NodeContext) throws { message = try node.string("error_msg") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    throw BNormError.invalid(message.isEmpty ? "the graph aborts the run" : message)
  }
}

/// Ops whose work is done by a Python process that is not there.
struct PythonFunction: EagerOperation, UnfoldableOperation {
  static let opNames = ["PyFunc", "PyFuncStateless", "EagerPyFunc"]
  private let op: String

  init(_ node: NodeContext) throws { op = node.op }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    throw BNormError.unsupported("\(op) calls a function of a Python program")
  }
}
