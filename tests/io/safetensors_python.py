"""Writes safetensors_python.safetensors with the reference implementation, for safetensors_test.cpp.

Made with safetensors 0.8.0 and torch 2.15.0; the versions used are stored in the file's metadata.
"""

import pathlib

import safetensors
import torch
from safetensors.torch import save_file

values = torch.tensor([[0.0, -1.5, 2.0], [1 / 3, 65504.0, -6e-8]], dtype=torch.float64)
save_file(
    {
        "real.f64": values,
        "real.f32": values.to(torch.float32),
        "real.f16": values.to(torch.float16),
        "real.bf16": values.to(torch.bfloat16),
        "whole.i64": torch.tensor([-(2**62), 0, 2**62]),
        "whole.i32": torch.tensor([-(2**31), 2**31 - 1], dtype=torch.int32),
        "whole.u8": torch.arange(5, dtype=torch.uint8),
        "flag": torch.tensor([True, False]),
        "scalar": torch.tensor(7.0),
        "empty": torch.zeros(0, 4),
        'näme "quoted"': torch.ones(1),
    },
    pathlib.Path(__file__).with_suffix(".safetensors"),
    metadata={"safetensors": safetensors.__version__, "torch": torch.__version__},
)
