import BNormCore
import BNormTensor
import Glibc

/// Mel-frequency cepstral coefficients of squared spectrograms [channels, frames, bins].
struct Mfcc: PlannedOperation {
  static let opNames = ["Mfcc"]
  let upper: Double
  let lower: Double
  let channels: Int
  let coefficients: Int

  init(_ node: NodeContext) throws {
    upper = Double(try node.float("upper_frequency_limit"))
    lower = Double(try node.float("lower_frequency_limit"))
    channels = try node.int("filterbank_channel_count")
    coefficients = try node.int("dct_coefficient_count")
  }

  var valueInputs: [Int] { [1] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let spectrogram = inputs[0].shape
    try spectrogram.requireRank(3, "input 0 (spectrogram)")
    try inputs[1].shape.requireRank(0, "input 1 (sample_rate)")
    guard coefficients > 0, channels > 0, coefficients <= channels, channels < 1 << 24 else {
      throw BNormError.invalid(
        "attribute dct_coefficient_count is \(coefficients) and filterbank_channel_count is "
          + "\(channels): both must be positive, and there must be a channel for each coefficient")
    }
    return [PartialShape([spectrogram[0] ?? -1, spectrogram[1] ?? -1, coefficients])]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0), bins = shape[2], frames = shape[0] * shape[1]
    guard let rate = context.value(1)?.integers?.first else {
      throw BNormError.invalid("input 1 (sample_rate) must be known")
    }
    let bank = try MelFilterbank(
      bins: bins, sampleRate: Double(rate), channels: channels, lower: lower, upper: upper)
    let coefficients = coefficients, channels = channels
    let norm = (2.0 / Double(channels)).squareRoot(), step = Double.pi / Double(channels)
    var cosines = [Double](repeating: 0, count: coefficients * channels)
    for i in 0..<coefficients {
      for j in 0..<channels {
        cosines[i * channels + j] = norm * cos(Double(i) * step * (Double(j) + 0.5))
      }
    }
    let table = cosines
    return .run { io in
      let input = io.input(0).assumingMemoryBound(to: Float.self)
      let output = io.output(0).assumingMemoryBound(to: Float.self)
      var energies = [Double](repeating: 0, count: channels)
      for frame in 0..<frames {
        // A spectrogram too short for the limits has no energies at all.
        let count = bank.apply(input + frame * bins, &energies) ? channels : 0
        for j in 0..<count { energies[j] = log(max(energies[j], 1e-12)) }
        for i in 0..<coefficients {
          var sum = 0.0
          for j in 0..<count { sum += table[i * channels + j] * energies[j] }
          output[frame * coefficients + i] = Float(sum)
        }
      }
    }
  }
}

/// Triangular filters that are evenly spaced on the mel scale.
struct MelFilterbank: Sendable {
  private let bins: Int
  private let start: Int
  private let end: Int
  private let channels: Int
  /// The filter on whose falling side a bin lies (-1: below the first), and its weight there.
  private var band: [Int]
  private var weight: [Double]

  private static func mel(_ frequency: Double) -> Double { 1127 * log1p(frequency / 700) }

  init(bins: Int, sampleRate: Double, channels: Int, lower: Double, upper: Double) throws {
    guard sampleRate > 0, bins >= 2, lower >= 0, upper > lower else {
      throw BNormError.invalid(
        "a filter bank from \(lower) to \(upper) Hz for \(bins) bins at \(sampleRate) Hz: expected "
          + "at least 2 bins, a positive rate and rising limits")
    }
    self.bins = bins
    self.channels = channels
    let low = MelFilterbank.mel(lower)
    let spacing = (MelFilterbank.mel(upper) - low) / Double(channels + 1)
    let centers = (0...channels).map { low + spacing * Double($0 + 1) }
    let width = 0.5 * sampleRate / Double(bins - 1)
    // The first bin, the mean, never counts.
    start = Int(min(1.5 + lower / width, 0x1p40))
    end = Int(min(upper / width, 0x1p40))
    band = [Int](repeating: -2, count: bins)
    weight = [Double](repeating: 0, count: bins)
    var channel = 0
    for i in 0..<bins where i >= start && i <= end {
      let mel = MelFilterbank.mel(Double(i) * width)
      while channel < channels, centers[channel] < mel { channel += 1 }
      let c = channel - 1
      band[i] = c
      weight[i] = c >= 0
        ? (centers[c + 1] - mel) / (centers[c + 1] - centers[c])
        : (centers[0] - mel) / (centers[0] - low)
    }
  }

  /// Sums magnitudes into `energies`; false if there are not enough bins.
  func apply(_ squares: UnsafePointer<Float>, _ energies: inout [Double]) -> Bool {
    guard bins > end else { return false }
    for c in 0..<channels { energies[c] = 0 }
    guard start <= end else { return true }
    for i in start...end {
      let value = Double(squares[i]).squareRoot(), falling = value * weight[i], c = band[i]
      if c >= 0 { energies[c] += falling }
      if c + 1 < channels { energies[c + 1] += value - falling }
    }
    return true
  }
}
