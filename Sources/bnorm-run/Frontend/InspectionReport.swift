import BNorm

/// The text and JSON forms of an inspection.
enum InspectionReport {
  static func text(_ i: Inspection) -> String {
    var lines: [String] = []
    lines.append("inputs")
    for input in i.inputs {
      lines.append(
        "  \(input.name)  \(input.dtype.name)  \(input.shape)"
          + (input.hasDefault ? "  (has a default)" : ""))
    }
    lines.append("outputs")
    for output in i.outputs { lines.append("  \(output.name)  \(output.dtype.name)  \(output.shape)") }
    lines.append("ops (\(i.nodeCount) nodes)")
    for (op, count) in i.ops { lines.append("  \(op)  \(count)") }
    if !i.functionNames.isEmpty {
      lines.append("functions")
      lines += i.functionNames.map { "  " + $0 }
    }
    lines.append(
      "parameters  \(i.parameterCount)  (\(Report.fixed(Double(i.parameterBytes) / 1e6, 2)) MB)")
    lines.append(
      "floating-point operations  \(Report.fixed(Double(i.floatingPointOperations) / 1e6, 3)) M "
        + "(batch of one)")
    if !i.batchNormalizations.isEmpty {
      lines.append("batch normalizations")
      for b in i.batchNormalizations { lines.append("  \(b.node)  " + describe(b)) }
    }
    if !i.unsupported.isEmpty {
      lines.append("unsupported ops")
      for (op, nodes) in i.unsupported { lines.append("  \(op)  " + nodes.joined(separator: ", ")) }
    }
    if !i.problems.isEmpty {
      lines.append("problems")
      lines += i.problems.map { "  " + $0 }
    }
    return lines.joined(separator: "\n")
  }

  private static func describe(_ b: BatchNormalizationNote) -> String {
    "batch normalization, epsilon \(Float(b.epsilon)), channels "
      + (b.channels.map { String($0) } ?? "unknown") + " (\(b.form)"
      + (b.usesBatchStatistics ? ", statistics of the batch)" : ")")
  }

  static func json(_ i: Inspection) -> Json {
    .object([
      (
        "inputs",
        .array(
          i.inputs.map {
            .object([
              ("name", .string($0.name)), ("dtype", .string($0.dtype.name)), ("shape", shape($0.shape)),
              ("has_default", .bool($0.hasDefault)),
            ])
          })
      ),
      (
        "outputs",
        .array(
          i.outputs.map {
            .object([
              ("name", .string($0.name)), ("dtype", .string($0.dtype.name)), ("shape", shape($0.shape)),
            ])
          })
      ),
      ("nodes", .int(i.nodeCount)),
      ("ops", .object(i.ops.map { ($0.op, .int($0.count)) })),
      ("functions", .array(i.functionNames.map { .string($0) })),
      ("parameters", .int(i.parameterCount)),
      ("parameter_bytes", .int(i.parameterBytes)),
      ("flops", .int(i.floatingPointOperations)),
      (
        "batch_normalizations",
        .array(
          i.batchNormalizations.map {
            .object([
              ("node", .string($0.node)), ("epsilon", .number(Double("\(Float($0.epsilon))") ?? $0.epsilon)),
              ("channels", $0.channels.map { .int($0) } ?? .null), ("form", .string($0.form)),
              ("batch_statistics", .bool($0.usesBatchStatistics)),
            ])
          })
      ),
      (
        "unsupported",
        .object(i.unsupported.map { ($0.op, .array($0.nodes.map { .string($0) })) })
      ),
      ("problems", .array(i.problems.map { .string($0) })),
    ])
  }

  /// null for an unknown rank, -1 for an unknown dimension.
  private static func shape(_ shape: PartialShape) -> Json {
    shape.dimensions.map { .array($0.map { .int($0) }) } ?? .null
  }
}
