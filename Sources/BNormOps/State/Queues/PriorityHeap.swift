/// Items by priority, the least first. Those of equal priority come in the order in which the binary
/// heap of the C++ library gives them, which is what TensorFlow's queues show.
struct PriorityHeap<Item> {
  private var items: [(priority: Int64, item: Item)] = []

  var count: Int { items.count }

  mutating func push(_ item: Item, priority: Int64) {
    items.append((priority, item))
    place((priority, item), from: items.count - 1)
  }

  /// The first item, which must exist.
  mutating func pop() -> (priority: Int64, item: Item) {
    let first = items[0]
    let last = items.removeLast()
    let n = items.count
    guard n > 0 else { return first }
    // The hole goes down to a leaf along the lesser children; the last item rises from there.
    var hole = 0
    while 2 * hole + 2 < n {
      var child = 2 * hole + 2
      if items[child].priority > items[child - 1].priority { child -= 1 }
      items[hole] = items[child]
      hole = child
    }
    if 2 * hole + 1 < n {
      items[hole] = items[2 * hole + 1]
      hole = 2 * hole + 1
    }
    place(last, from: hole)
    return first
  }

  private mutating func place(_ value: (priority: Int64, item: Item), from start: Int) {
    var hole = start
    while hole > 0, items[(hole - 1) / 2].priority > value.priority {
      items[hole] = items[(hole - 1) / 2]
      hole = (hole - 1) / 2
    }
    items[hole] = value
  }
}
