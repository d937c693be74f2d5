internal import CKernels

// The recurrences of whole sequences, steps outermost. Rows are cut over the threads, each going through all steps; the cut changes no bit.
extension Tensor {
  /// An LSTM over a sequence; self: [steps, rows, 4 width], what inputs and biases add to the gates i, f, g and o before their non-linearities.
  ///
  /// `weight` is [4 width, width], as PyTorch's `weight_hh`; `hidden` and `cell` are the state before the first step: [rows, width].
  /// Returned are the hidden states of all steps, [steps, rows, width], and the cell after the last one, [rows, width].
  package func lstm(weight: Tensor, hidden: Tensor, cell: Tensor) -> (hidden: Tensor, cell: Tensor) {
    let run = Recurrence(self, gates: 4, weight, hidden)
    precondition(cell.shape == hidden.shape, "cells \(cell.shape) beside hidden states \(hidden.shape)")
    // One result holds both: a last slab after the hidden states has the cell.
    var (gates, cells) = (Tensor(0), Tensor(0))
    let result = Tensor(shape: [run.steps + 1, run.rows, run.width]) { h in
      gates = Tensor(shape: shape) { gates in
        cells = Tensor(shape: [run.steps, run.rows, run.width]) { c in run.lstm(self, weight.packing(.matrix), hidden, cell, gates, c, h) }
      }
    }
    let history = (gates, cells)
    let recorded = result.recorded(
      by: self, weight, hidden, cell, keeping: [.inputs, .result],
      kernel: { step in
        var (dh, dc) = (Tensor.zeros(step.x[2].shape), step.g.slice(0, run.steps..<run.steps + 1).reshaped(step.x[3].shape))
        let d = Tensor(shape: step.x[0].shape) { d in
          dh.update { dh in dc.update { dc in run.lstmBackward(step, gates: history.0, cells: history.1, d, dh, dc) } }
        }
        return [d, step.asked[1] ? run.weightGradient(d, step) : nil, dh, dc]
      }, composed { Self.lstm($0[0], weight: $0[1], hidden: $0[2], cell: $0[3]) })
    return (recorded.slice(0, 0..<run.steps), recorded.slice(0, run.steps..<run.steps + 1).reshaped(cell.shape))
  }

  /// The same in tensor operations, the cell after the hidden states.
  private static func lstm(_ x: Tensor, weight: Tensor, hidden: Tensor, cell: Tensor) -> Tensor {
    var (h, c, states) = (hidden, cell, [Tensor]())
    for step in 0..<x.shape[0] {
      let gates = (x.slice(0, step..<step + 1).reshaped([x.shape[1], x.shape[2]]) + h.linear(weight: weight, bias: nil)).split(1, into: 4)
      // c' = f c + i g, h = o tanh(c')
      c = gates[1].sigmoid() * c + gates[0].sigmoid() * gates[2].tanh()
      h = gates[3].sigmoid() * c.tanh()
      states.append(h)
    }
    return concatenated((states + [c]).map { $0.reshaped(Shape([1] + $0.shape.dimensions)) })
  }

  /// A GRU over a sequence; self: [steps, rows, 3 width], what inputs and their biases add to the gates r, z and n before their non-linearities.
  ///
  /// `weight` is [3 width, width] and `bias` [3 width], as PyTorch's `weight_hh` and `bias_hh`; `hidden` is the state before the first step:
  /// [rows, width] -> [steps, rows, width].
  package func gru(weight: Tensor, bias: Tensor, hidden: Tensor) -> Tensor {
    let run = Recurrence(self, gates: 3, weight, hidden)
    precondition(bias.shape == [3 * run.width], "a bias \(bias.shape) beside a weight \(weight.shape)")
    var (gates, fresh) = (Tensor(0), Tensor(0))
    let result = Tensor(shape: [run.steps, run.rows, run.width]) { h in
      gates = Tensor(shape: shape) { gates in
        fresh = Tensor(shape: [run.steps, run.rows, run.width]) { n in run.gru(self, weight.packing(.matrix), bias, hidden, gates, n, h) }
      }
    }
    let history = (gates, fresh)
    return result.recorded(
      by: self, weight, bias, hidden, keeping: [.inputs, .result],
      kernel: { step in
        var (dp, dh) = (Tensor.zeros(step.x[0].shape), Tensor.zeros(step.x[3].shape))
        let dx = Tensor(shape: step.x[0].shape) { dx in
          dp.update { dp in dh.update { dh in run.gruBackward(step, gates: history.0, fresh: history.1, dx, dp, dh) } }
        }
        let sum = step.asked[2] ? dp.reshaped([run.steps * run.rows, 3 * run.width]).columnSums() : nil
        return [dx, step.asked[1] ? run.weightGradient(dp, step) : nil, sum, dh]
      }, composed { Self.gru($0[0], weight: $0[1], bias: $0[2], hidden: $0[3]) })
  }

  /// The same in tensor operations.
  private static func gru(_ x: Tensor, weight: Tensor, bias: Tensor, hidden: Tensor) -> Tensor {
    var (h, states) = (hidden, [Tensor]())
    for step in 0..<x.shape[0] {
      let inputs = x.slice(0, step..<step + 1).reshaped([x.shape[1], x.shape[2]]).split(1, into: 3)
      let products = h.linear(weight: weight, bias: bias).split(1, into: 3)
      // n = tanh(x_n + r p_n), h' = (1 - z) n + z h
      let z = (inputs[1] + products[1]).sigmoid()
      let n = (inputs[2] + (inputs[0] + products[0]).sigmoid() * products[2]).tanh()
      h = n + z * (h - n)
      states.append(h.reshaped([1, h.shape[0], h.shape[1]]))
    }
    return concatenated(states)
  }
}

/// The extents of a recurrence and the loops over its steps.
private struct Recurrence: Sendable {
  let steps: Int
  let rows: Int
  let width: Int
  private let gates: Int

  init(_ x: Tensor, gates: Int, _ weight: Tensor, _ hidden: Tensor) {
    precondition(x.shape.rank == 3 && x.shape[0] > 0 && weight.shape.rank == 2, "a recurrence of weight \(weight.shape) over \(x.shape)")
    (steps, rows, width, self.gates) = (x.shape[0], x.shape[1], weight.shape[1], gates)
    precondition(
      x.shape[2] == gates * width && weight.shape == [gates * width, width] && hidden.shape == [rows, width],
      "a recurrence of weight \(weight.shape) over \(x.shape) from states \(hidden.shape)")
    ProductRecorder.note(rows: steps * rows, outputs: gates * width, inner: width)
  }

  /// Calls `body` with the first row and the number of rows of every part of the batch.
  private func eachPart(_ body: (_ first: Int, _ count: Int) -> Void) {
    let parts = 2 * steps * rows * gates * width * width > 400_000 ? min(Parallelism.width, rows) : 1
    Parallelism.perform(blocks: parts, worthwhile: parts > 1) { part in
      let (first, end) = (part * rows / parts, (part + 1) * rows / parts)
      body(first, end - first)
    }
  }

  func lstm(
    _ x: Tensor, _ weight: PackedMatrix, _ hidden: Tensor, _ cell: Tensor, _ gates: UnsafeMutablePointer<Float>, _ cells: UnsafeMutablePointer<Float>,
    _ h: UnsafeMutablePointer<Float>
  ) {
    x.withScalars { x in
      hidden.withScalars { start in
        cell.withScalars { startCell in
          eachPart { first, count in
            for step in 0..<steps {
              let row = step * rows + first
              let before = step == 0 ? start + first * width : UnsafePointer(h + (row - rows) * width)
              let cellBefore = step == 0 ? startCell + first * width : UnsafePointer(cells + (row - rows) * width)
              let gates = gates + row * 4 * width
              kernel_gemm(before, count, width, weight.base, 4 * width, nil, kernel_identity, gates)
              kernel_lstm_cell(x + row * 4 * width, gates, cellBefore, cells + row * width, h + row * width, count, width)
            }
            (h + (steps * rows + first) * width).update(from: cells + ((steps - 1) * rows + first) * width, count: count * width)
          }
        }
      }
    }
  }

  /// `dh` and `dc` hold the gradients of what comes after the last step on entry, those of the first state on exit.
  func lstmBackward(
    _ step: Step, gates: Tensor, cells: Tensor, _ d: UnsafeMutablePointer<Float>, _ dh: UnsafeMutablePointer<Float>, _ dc: UnsafeMutablePointer<Float>
  ) {
    withPanels(of: step.x[1]) { panels in
      gates.withScalars { gates in
        cells.withScalars { cells in
          step.x[3].withScalars { startCell in
            step.g.withScalars { g in
              eachPart { first, count in
                let (dh, dc) = (dh + first * width, dc + first * width)
                for step in (0..<steps).reversed() {
                  let row = step * rows + first
                  let before = step == 0 ? startCell + first * width : cells + (row - rows) * width
                  let d = d + row * 4 * width
                  kernel_lstm_cell_backward(gates + row * 4 * width, before, cells + row * width, g + row * width, dh, dc, d, count, width)
                  kernel_panel_product(d, count, 4 * width, panels, width, nil, kernel_identity, dh, width)
                }
              }
            }
          }
        }
      }
    }
  }

  func gru(
    _ x: Tensor, _ weight: PackedMatrix, _ bias: Tensor, _ hidden: Tensor, _ gates: UnsafeMutablePointer<Float>, _ fresh: UnsafeMutablePointer<Float>,
    _ h: UnsafeMutablePointer<Float>
  ) {
    x.withScalars { x in
      bias.withScalars { bias in
        hidden.withScalars { start in
          eachPart { first, count in
            for step in 0..<steps {
              let row = step * rows + first
              let before = step == 0 ? start + first * width : UnsafePointer(h + (row - rows) * width)
              let gates = gates + row * 3 * width
              kernel_gemm(before, count, width, weight.base, 3 * width, bias, kernel_identity, gates)
              kernel_gru_cell(x + row * 3 * width, gates, before, fresh + row * width, h + row * width, count, width)
            }
          }
        }
      }
    }
  }

  func gruBackward(
    _ step: Step, gates: Tensor, fresh: Tensor, _ dx: UnsafeMutablePointer<Float>, _ dp: UnsafeMutablePointer<Float>,
    _ dh: UnsafeMutablePointer<Float>
  ) {
    withPanels(of: step.x[1]) { panels in
      gates.withScalars { gates in
        fresh.withScalars { fresh in
          step.x[3].withScalars { start in
            step.y.withScalars { h in
              step.g.withScalars { g in
                eachPart { first, count in
                  withScratch(count * width) { product in
                    let dh = dh + first * width
                    for step in (0..<steps).reversed() {
                      let row = step * rows + first
                      let before = step == 0 ? start + first * width : h + (row - rows) * width
                      let dp = dp + row * 3 * width
                      kernel_gru_cell_backward(
                        gates + row * 3 * width, before, fresh + row * width, g + row * width, dh, dx + row * 3 * width, dp, count, width)
                      kernel_panel_product(dp, count, 3 * width, panels, width, nil, kernel_identity, product, width)
                      kernel_accumulate(product, 1, dh, count * width)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// dW = Σ over steps and rows of dᵀ h of the step before.
  func weightGradient(_ d: Tensor, _ step: Step) -> Tensor {
    // The first state stands last among the inputs of a GRU and third of an LSTM's.
    let start = step.x[gates == 4 ? 2 : 3].reshaped([1, rows, width])
    let before = Tensor.concatenated([start, step.y.slice(0, 0..<steps - 1)])
    return d.reshaped([steps * rows, gates * width]).pulledBack(before.reshaped([steps * rows, width]), transposingSelf: true)
  }

  /// The weight as the matrix of the product that takes a step's gradient to the step before.
  private func withPanels(of weight: Tensor, _ body: (UnsafePointer<Float>) -> Void) {
    let (k, panels) = (gates * width, (width + panelWidth - 1) / panelWidth)
    withScratch(panels * panelWidth * k) { packed in
      weight.withScalars { kernel_pack_panels($0, k, width, 0, 0, width, packed) }
      body(packed)
    }
  }
}
