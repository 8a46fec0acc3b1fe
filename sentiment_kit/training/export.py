"""From a trained network to ``model.onnx``: int8 products whose result does not depend on the batch.

ONNX Runtime's own dynamic quantisation takes one scale for a whole tensor, so a text's score changes with its
neighbours. Here each row of activations (one token) has its own scale, and the product itself is exact integer
arithmetic: a token's row gives the same numbers in any batch. Weights have a scale a column and seven bits, because the
8-bit dot product of processors without VNNI saturates beyond that (onnxruntime's documentation on `reduce_range`); so
every machine computes the same. The token embedding and the n-grams are int8 with a scale a row.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sentiment_kit.encoder.network import FeedbackNetwork

OUTPUTS = ("sentiment", "themes", "churn", "kinds")
_OPSET = 20
_LEVELS = 63  # seven bits, signed
_LARGE = 1000  # rows of a table that is worth quantising


def export_onnx(network: FeedbackNetwork, file: Path, *, quantise: bool = True) -> None:
    """Write a network as ONNX with inputs ``ids`` and ``mask`` and the outputs in `OUTPUTS`.

    Args:
        network: The trained network, on the CPU.
        file: Where to write.
        quantise: Whether to write int8 products and embeddings; fp32 otherwise.
    """
    ids = torch.zeros((2, 8), dtype=torch.int64)
    mask = torch.ones_like(ids)
    batch, tokens = torch.export.Dim("batch", min=1), torch.export.Dim("tokens", min=2, max=network.shape.positions)
    axes = {0: batch, 1: tokens}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        program = torch.onnx.export(
            network.eval(),
            (ids, mask),
            dynamo=True,
            input_names=["ids", "mask"],
            output_names=list(OUTPUTS),
            dynamic_shapes={"ids": axes, "mask": axes},
            opset_version=_OPSET,
            verbose=False,
        )
    assert program is not None  # noqa: S101  None only where a file name is given
    model = program.model_proto
    if quantise:
        _Quantiser(model).run()
    # The exporter leaves shapes and source lines in the file; the first are inferred again, nobody needs the second.
    del model.graph.value_info[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.save(model, str(file))


class _Quantiser:
    """Replaces the products with a constant matrix, and the look-ups in large tables, by integer forms."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.graph = model.graph
        self.constants = {tensor.name: tensor for tensor in self.graph.initializer}
        self.nodes: list[onnx.NodeProto] = []
        self.rows: dict[str, tuple[str, str]] = {}  # activation -> its bytes and its scale a row
        self.tables: dict[str, tuple[str, str]] = {}  # look-up table -> its bytes and its scale a row
        self._constant("sk_zero", np.array(128, np.uint8))
        self._constant("sk_zero_float", np.array(128.0, np.float32))
        self._constant("sk_top", np.array(127.0, np.float32))
        self._constant("sk_tiny", np.array(1e-9, np.float32))
        self._constant("sk_last_axis", np.array([-1], np.int64))

    def run(self) -> None:
        """Rewrite the graph in place."""
        for node in self.graph.node:
            matrix = self.constants.get(node.input[1]) if node.op_type == "MatMul" else None
            table = self.constants.get(node.input[0]) if node.op_type == "Gather" else None
            if matrix is not None and len(matrix.dims) == 2:  # noqa: PLR2004
                self._product(node, numpy_helper.to_array(matrix))
            elif table is not None and table.data_type == TensorProto.FLOAT and table.dims[0] > _LARGE:
                self._look_up(node, numpy_helper.to_array(table))
            else:
                self.nodes.append(node)
        del self.graph.node[:]
        self.graph.node.extend(self.nodes)
        used = {name for node in self.nodes for name in node.input}
        kept = [tensor for name, tensor in self.constants.items() if name in used]
        del self.graph.initializer[:]
        self.graph.initializer.extend(kept)

    def _product(self, node: onnx.NodeProto, matrix: NDArray[np.float32]) -> None:
        name, out = node.name, node.output[0]
        scales = np.maximum(np.abs(matrix).max(0), 1e-9) / _LEVELS
        weights = self._constant(f"{name}_int8", np.round(matrix / scales).astype(np.int8))
        columns = self._constant(f"{name}_scale", (scales / 127.0).astype(np.float32))
        values, rows = self._quantised_rows(node.input[0])
        self._add("MatMulInteger", [values, weights, "sk_zero"], f"{name}_product")
        self._add("Cast", [f"{name}_product"], f"{name}_float", to=TensorProto.FLOAT)
        # Two products, not one with the two scales multiplied: ONNX Runtime would fuse that into an operator that
        # knows only one scale for all rows.
        self._add("Mul", [f"{name}_float", columns], f"{name}_columns")
        self._add("Mul", [f"{name}_columns", rows], out)

    def _quantised_rows(self, activation: str) -> tuple[str, str]:
        """Return the names of an activation as bytes and of the largest magnitude of each of its rows."""
        if activation not in self.rows:
            a = f"{activation}_sk"
            self._add("Abs", [activation], f"{a}_abs")
            self._add("ReduceMax", [f"{a}_abs", "sk_last_axis"], f"{a}_max", keepdims=1)
            self._add("Max", [f"{a}_max", "sk_tiny"], f"{a}_top")
            self._add("Div", ["sk_top", f"{a}_top"], f"{a}_inverse")
            self._add("Mul", [activation, f"{a}_inverse"], f"{a}_scaled")
            self._add("Add", [f"{a}_scaled", "sk_zero_float"], f"{a}_shifted")
            self._add("Round", [f"{a}_shifted"], f"{a}_rounded")
            self._add("Cast", [f"{a}_rounded"], f"{a}_bytes", to=TensorProto.UINT8)
            self.rows[activation] = (f"{a}_bytes", f"{a}_top")
        return self.rows[activation]

    def _look_up(self, node: onnx.NodeProto, table: NDArray[np.float32]) -> None:
        name, out, source = node.name, node.output[0], node.input[0]
        if source not in self.tables:
            scales = np.maximum(np.abs(table).max(1, keepdims=True), 1e-9) / 127.0
            values = self._constant(f"{name}_int8", np.round(table / scales).astype(np.int8))
            self.tables[source] = values, self._constant(f"{name}_scale", scales.astype(np.float32))
        values, rows = self.tables[source]
        self._add("Gather", [values, node.input[1]], f"{name}_bytes")
        self._add("Gather", [rows, node.input[1]], f"{name}_row_scale")
        self._add("Cast", [f"{name}_bytes"], f"{name}_float", to=TensorProto.FLOAT)
        self._add("Mul", [f"{name}_float", f"{name}_row_scale"], out)

    def _add(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> None:  # noqa: ANN401
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants[name] = numpy_helper.from_array(value, name)
        return name
