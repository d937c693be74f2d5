import Tensors
import Testing

@Suite struct RecurrenceTests {
  private static let sizes = [(steps: 1, rows: 1, width: 5), (7, 4, 16), (5, 33, 40)]

  @Test("A sequence in one piece is a sequence in two, the state carried over", arguments: sizes)
  func carriesItsState(_ size: (steps: Int, rows: Int, width: Int)) {
    let (steps, rows, width) = size
    let weight = point([4 * width, width], 1) * 0.3
    let (hidden, cell) = (point([rows, width], 2), point([rows, width], 3))
    let x = point([2 * steps, rows, 4 * width])
    let whole = x.lstm(weight: weight, hidden: hidden, cell: cell)
    let first = x.slice(0, 0..<steps).lstm(weight: weight, hidden: hidden, cell: cell)
    let last = first.hidden.slice(0, steps - 1..<steps).reshaped([rows, width])
    let second = x.slice(0, steps..<2 * steps).lstm(weight: weight, hidden: last, cell: first.cell)
    #expect(whole.hidden.scalars == first.hidden.scalars + second.hidden.scalars)
    #expect(whole.cell.scalars == second.cell.scalars)
    let gates = point([2 * steps, rows, 3 * width], 4)
    let (gru, bias) = (point([3 * width, width], 5) * 0.3, point([3 * width], 6))
    let both = gates.gru(weight: gru, bias: bias, hidden: hidden)
    let start = gates.slice(0, 0..<steps).gru(weight: gru, bias: bias, hidden: hidden)
    let end = gates.slice(0, steps..<2 * steps).gru(weight: gru, bias: bias, hidden: start.slice(0, steps - 1..<steps).reshaped([rows, width]))
    #expect(both.scalars == start.scalars + end.scalars)
  }

  @Test("A row has the same bits alone as in a batch, with history as without, its weight packed or not", arguments: sizes)
  func rowsAreIndependent(_ size: (steps: Int, rows: Int, width: Int)) {
    let (steps, rows, width) = size
    let weight = point([4 * width, width], 1) * 0.3
    let (x, hidden, cell) = (point([steps, rows, 4 * width]), point([rows, width], 2), point([rows, width], 3))
    let together = x.lstm(weight: weight, hidden: hidden, cell: cell)
    let packed = x.lstm(weight: weight.packed(), hidden: hidden, cell: cell)
    let watched = x.watched().lstm(weight: weight.watched(), hidden: hidden, cell: cell)
    #expect(packed.hidden.scalars == together.hidden.scalars && watched.hidden.scalars == together.hidden.scalars)
    #expect(packed.cell.scalars == together.cell.scalars && watched.cell.scalars == together.cell.scalars)
    for row in 0..<rows {
      let own = row..<row + 1
      let alone = x.slice(1, own).lstm(weight: weight, hidden: hidden.slice(0, own), cell: cell.slice(0, own))
      #expect(alone.hidden.scalars == together.hidden.slice(1, own).scalars)
      #expect(alone.cell.scalars == together.cell.slice(0, own).scalars)
    }
  }

  @Test("One step is the cell's formulae")
  func formulae() {
    let (x, weight) = (point([1, 2, 12]), point([12, 3], 1))
    let (h, c) = (point([2, 3], 2), point([2, 3], 3))
    let gates = (x.reshaped([2, 12]) + h.matrixProduct(weight, transposingOther: true)).split(1, into: 4)
    let cell = gates[1].sigmoid() * c + gates[0].sigmoid() * gates[2].tanh()
    let lstm = x.lstm(weight: weight, hidden: h, cell: c)
    #expect(deviation(lstm.cell.scalars, cell.scalars) < 1e-6)
    #expect(deviation(lstm.hidden.scalars, (gates[3].sigmoid() * cell.tanh()).scalars) < 1e-6)
    let (gruX, gruWeight, bias) = (x.slice(2, 0..<9), weight.slice(0, 0..<9), point([9], 4))
    let inputs = gruX.reshaped([2, 9]).split(1, into: 3)
    let products = h.linear(weight: gruWeight, bias: bias).split(1, into: 3)
    let (reset, old) = ((inputs[0] + products[0]).sigmoid(), (inputs[1] + products[1]).sigmoid())
    let fresh = (inputs[2] + reset * products[2]).tanh()
    let gru = gruX.gru(weight: gruWeight, bias: bias, hidden: h)
    #expect(deviation(gru.scalars, ((1 - old) * fresh + old * h).scalars) < 1e-6)
  }

  @Test("The gradients of a sequence don't depend on the number of threads, for rows enough to be cut")
  func threads() {
    let (steps, rows, width) = (3, 50, 64)
    let inputs = [point([steps, rows, 4 * width]), point([4 * width, width], 1) * 0.2, point([rows, width], 2), point([rows, width], 3)]
    let seeds = (point([steps, rows, width], 4), point([rows, width], 5))
    func run() -> [[Float]] {
      let watched = inputs.map { $0.watched() }
      let (hidden, cell) = watched[0].lstm(weight: watched[1], hidden: watched[2], cell: watched[3])
      return gradients(of: (hidden * seeds.0).sum() + (cell * seeds.1).sum(), at: watched).map(\.scalars)
    }
    let width0 = Parallelism.width
    defer { Parallelism.width = width0 }
    Parallelism.width = 1
    let alone = run()
    Parallelism.width = 3
    #expect(run() == alone)
  }
}
