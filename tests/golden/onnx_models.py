#!/usr/bin/env python3
"""Checks what save_onnx writes, and keeps it beside this file in onnx/: <name>.onnx, and <name>.safetensors with inputs
and what onnxruntime computes from them.

    pip install onnx onnxruntime safetensors numpy; python tests/golden/onnx_models.py

onnx_models.cpp is compiled by g++ (or CXX). Each model passes onnx's checker with shape inference (full_check), has no
Shape operator, and gives in onnxruntime what this library computed, to 1e-5 of the largest number, for a batch of three
and for each of its images alone; written again with its tensors in a file of their own it is the same model.
The same versions write the same bytes again; `__metadata__` names them.
"""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import safetensors.numpy

root = Path(__file__).resolve().parents[2]
kept = Path(__file__).with_name("onnx")


def run(path, inputs):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs)))


def check(path):
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(path)
    assert "Shape" not in {node.op_type for node in model.graph.node}
    assert all(value.type.tensor_type.shape.dim[0].dim_param == "batch" for value in model.graph.output)
    return model


def distance(found, expected):
    return float(np.abs(found.astype(np.float64) - expected).max() / max(1e-30, np.abs(expected).max()))


with tempfile.TemporaryDirectory() as folder:
    program = f"{folder}/program"
    flags = ["-std=c++20", "-O1", "-fopenmp", "-I", f"{root}/include", "-I", f"{root}/tests", *sys.argv[1:]]
    source = f"{root}/tests/golden/onnx_models.cpp"
    subprocess.run([os.environ.get("CXX", "g++"), *flags, source, "-o", program], check=True)
    names = subprocess.run([program, folder], check=True, capture_output=True, text=True).stdout.split()
    kept.mkdir(exist_ok=True)
    for name in names:
        path = Path(folder, f"{name}.onnx")
        model = check(path)
        if model.SerializeToString() != path.read_bytes():
            sys.exit(f"{name}: protobuf writes other bytes")
        ours = safetensors.numpy.load_file(f"{folder}/{name}.safetensors")
        inputs = {key: ours[key] for key in ("images", "noise") if key in ours}
        results = run(path, inputs)
        worst = max(distance(results[key], ours[key]) for key in results)
        for image in range(3):
            alone = run(path, {key: value[image : image + 1] for key, value in inputs.items()})
            worst = max([worst] + [distance(alone[key][0], ours[key][image]) for key in alone])
        outside = Path(folder, f"{name}-outside.onnx")
        check(outside)
        assert len(list(Path(folder).glob(f"{outside.name}.*.data"))) == 1
        for key, value in run(outside, inputs).items():
            assert np.array_equal(value, results[key]), key
        print(f"{name}: {len(model.graph.node)} nodes, {path.stat().st_size} bytes, {worst:.1e} of the largest number")
        if worst > 1e-5:
            sys.exit("onnxruntime computes something else")
        shutil.copy(path, kept)
        safetensors.numpy.save_file(
            {**inputs, **{key: np.ascontiguousarray(value) for key, value in results.items()}},
            kept / f"{name}.safetensors",
            metadata={"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__},
        )
