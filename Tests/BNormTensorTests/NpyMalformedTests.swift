import BNormTensor
import BNormTestFiles
import Testing

/// Damaged files are refused with a message, whatever is wrong with them.
struct NpyMalformedTests {
  private func npy(_ header: String, _ data: [UInt8] = [], version: UInt8 = 1) -> [UInt8] {
    var length = withUnsafeBytes(of: UInt32(header.utf8.count).littleEndian) { Array($0) }
    if version == 1 { length.removeLast(2) }
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array(header.utf8) + data
  }

  private func message(_ bytes: [UInt8]) -> String {
    do {
      _ = try bytes.withUnsafeBytes { try Npy.decode($0) }
      return "accepted"
    } catch { return "\(error)" }
  }

  @Test func headersAreChecked() {
    let cases: [(header: String, expected: String)] = [
      ("", "expected '{'"),
      ("{", "expected a string"),
      ("{'descr': '<f4'", "expected '}'"),
      ("{'descr': '<f4', 'fortran_order': False}", "lacks"),
      ("{'descr': '<f4', 'fortran_order': Maybe, 'shape': ()}", "True or False"),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "dimension"),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "dimension"),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", "too many"),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000,)}", "holds 0 bytes"),
      ("{'descr': '<f4', 'fortran_order': True, 'shape': (3, 1000000)}", "holds 0 bytes"),
      ("{'descr': '<S0', 'fortran_order': False, 'shape': (1000000000000,)}", "empty strings"),
      ("{'descr': '<S-1', 'fortran_order': False, 'shape': ()}", "dtype '<S-1'"),
      ("{'descr': '<U99999999999', 'fortran_order': False, 'shape': ()}", "dtype"),
      ("{'descr': '<f16', 'fortran_order': False, 'shape': ()}", "dtype '<f16'"),
      ("{'descr': '', 'fortran_order': False, 'shape': ()}", "dtype ''"),
      ("{'descr': 'é', 'fortran_order': False, 'shape': ()}", "dtype"),
      ("{'other': 1}", "unknown key"),
    ]
    for (header, expected) in cases {
      let text = message(npy(header))
      #expect(text.contains(expected), "\(header): \(text)")
    }
  }

  @Test func everyCutIsRefused() {
    let header = "{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }\n"
    for version: UInt8 in 1...3 {
      let whole = npy(header, [1, 0, 2, 0, 3, 0], version: version)
      #expect(message(whole) == "accepted")
      for length in 0..<whole.count {
        #expect(message(Array(whole[..<length])) != "accepted", "\(length) bytes")
      }
    }
    #expect(message(npy(header, version: 4)).contains("version 4"))
  }

  @Test func everyByteOfAnArchiveMayBeWrong() throws {
    try TemporaryFolder.with { folder in
      try Npz.write([(name: "a", tensor: Tensor([1, 2] as [Float]))], "\(folder)/a.npz")
      let bytes = try readFile("\(folder)/a.npz")
      for i in bytes.indices {
        for value: UInt8 in [0, 1, 0x7f, 0xff] {
          var changed = bytes
          changed[i] = value
          _ = try? changed.withUnsafeBytes { try Npz.decode($0) }
        }
        #expect(throws: BNormError.self) {
          try bytes[..<i].withUnsafeBytes { try Npz.decode($0) }
        }
      }
    }
  }
}
