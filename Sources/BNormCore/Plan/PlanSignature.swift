import BNormTensor

/// What a plan was made for: which values are fed with which shapes, what is fetched and run.
public struct PlanSignature: Hashable, Sendable {
  public var feeds: [ValueID]
  public var feedShapes: [Shape]
  public var fetches: [ValueID]
  public var targets: [Int32]

  public init(feeds: [ValueID], feedShapes: [Shape], fetches: [ValueID], targets: [Int32]) {
    self.feeds = feeds
    self.feedShapes = feedShapes
    self.fetches = fetches
    self.targets = targets
  }
}
