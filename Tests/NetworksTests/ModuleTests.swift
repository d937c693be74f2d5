import Networks
import Tensors
import Testing
