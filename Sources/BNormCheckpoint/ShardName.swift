/// The numbers in names of shards.
public enum ShardName {
  /// At least five digits.
  public static func padded(_ number: Int) -> String {
    let digits = String(number.magnitude)
    let sign = number < 0 ? "-" : ""
    return sign + String(repeating: "0", count: max(5 - sign.count - digits.count, 0)) + digits
  }
}
