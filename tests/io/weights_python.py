# Writes tests/io/weights_python/: weights as PyTorch and NumPy save them, in every way that readers meet; and
# weights_python.safetensors, all that is in them under the names FILE:TENSOR, with settings as metadata FILE:NAME.
# Needs: pip install torch numpy safetensors.    Run: python tests/io/weights_python.py
import argparse
import io
import json
import pathlib
import shutil
import zipfile

import numpy as np
import torch
from safetensors.torch import save_file
from torch.utils.serialization import config

folder = pathlib.Path(__file__).with_suffix("")
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir()
torch.manual_seed(0)
expected, settings = {}, {}


def expect(name, tensors, **values):
    """`tensors` are what the file `name` holds; numbers and texts are kept as the reader shows them."""
    for key, tensor in tensors.items():
        expected[f"{name}:{key}"] = torch.empty(tuple(tensor.shape), dtype=tensor.dtype).copy_(tensor.detach())
    settings.update({f"{name}:{key.replace('__', '.')}": value for key, value in values.items()})


def write(name, value, tensors, values={}, **options):
    torch.save(value, folder / name, **options)
    expect(name, tensors, **values)


def under(prefix, tensors):
    return {prefix + key: tensor for key, tensor in tensors.items()}


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(3)
        self.head = torch.nn.Linear(3, 2)

    def forward(self, x):
        return self.head(self.norm(x))


net = Net()
weights = net.state_dict()  # an OrderedDict with _metadata; num_batches_tracked is a scalar

write("plain.pth", weights, weights)
write("outer.pth", {"model": weights}, under("model.", weights))
write("protocol4.pth", {"model": weights, "set": {1}, "frozen": frozenset({2})}, under("model.", weights), pickle_protocol=4)
write("protocol5.pth", {"model": weights, "raw": b"raw"}, under("model.", weights), pickle_protocol=5)
write("old.pth", {"model": weights, "epoch": 3}, under("model.", weights), {"epoch": "3"},
      _use_new_zipfile_serialization=False)

stream = io.BytesIO()
torch.save(weights, stream)  # the folder in it is called archive
(folder / "stream.pth").write_bytes(stream.getvalue())
expect("stream.pth", weights)

# A training run of the original repository: an optimizer, a Namespace, numbers of NumPy, what torch.load refuses.
optimizer = torch.optim.AdamW(net.parameters(), lr=0.5)
net(torch.randn(4, 3)).sum().backward()
optimizer.step()
arguments = argparse.Namespace(mask_ratio=0.75, model="mae_vit_tiny", epochs=800, norm_pix_loss=True, resume=None,
                               betas=(0.9, 0.95), nested={"rate": 1.5e-4}, big=2**80)
state = optimizer.state_dict()["state"]
run = {"model": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 799, "scaler": {"scale": 65536.0},
       "args": arguments, "best": np.float64(0.5), "array": np.arange(3), "place": torch.device("cpu"),
       "type": torch.float16, "size": torch.Size([1, 2]), "path": pathlib.PurePosixPath("a/b"), "negative": -70000}
steps = {f"optimizer.state.{i}.{key}": value for i, one in state.items() for key, value in one.items()}
run_tensors = {**under("model.", run["model"]), **steps}
run_values = {"epoch": "799", "scaler__scale": "65536", "args__mask_ratio": "0.75", "args__model": "mae_vit_tiny",
              "args__epochs": "800", "args__norm_pix_loss": "true", "args__nested__rate": "0.00014999999999999999",
              "path": "an object of pathlib.PurePosixPath", "negative": "-70000"}
write("run.pth", run, run_tensors, run_values)
write("run_old.pth", run, run_tensors, run_values, _use_new_zipfile_serialization=False)

# Every type, and those that are no weights.
values = torch.tensor([0.0, -1.5, 3.0e-5, 60000.0, 1.0e-7])
types = {str(t).removeprefix("torch."): values.to(t) for t in [torch.float16, torch.bfloat16, torch.float32, torch.float64]}
types |= {str(t).removeprefix("torch."): torch.tensor([0, 1, 100]).to(t)
          for t in [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]}
write("types.pth", types, types)
write("types_old.pth", types, types, _use_new_zipfile_serialization=False)
unsigned = {"u16": torch.tensor([1, 65535], dtype=torch.uint16), "u32": torch.tensor([7], dtype=torch.uint32)}
write("unsigned.pth", unsigned, unsigned)

# Views: an offset, every kind of strides, storages that are shared, a scalar, nothing, one number made many.
base = torch.arange(48.0).reshape(2, 2, 3, 4)
flat = torch.arange(10.0)
views = {"offset": flat[3:7], "step": flat[1::3], "transposed": torch.arange(6.0).reshape(2, 3).t(),
         "channels_last": base.contiguous(memory_format=torch.channels_last), "permuted": base.permute(3, 0, 2, 1),
         "slice": base[:, 1:, 1:, ::2], "scalar": torch.tensor(2.5), "element": flat[9], "empty": torch.empty(0, 4),
         "expanded": torch.tensor([1.0, 2.0]).expand(3, 2), "one": base[:, :1], "windows": flat.unfold(0, 4, 2)}
views["same"] = views["offset"]
write("views.pth", views, views)
write("views_old.pth", views, views, _use_new_zipfile_serialization=False)

parameters = dict(net.named_parameters())
parameters["marked"] = torch.nn.Parameter(torch.ones(2))
parameters["marked"].note = "with an attribute"
write("parameters.pth", parameters, parameters)
listed = {"layers": [torch.ones(1), (torch.zeros(2), {"x": torch.full((2,), 4.0)})]}
write("lists.pth", listed, {"layers.0": torch.ones(1), "layers.1.0": torch.zeros(2), "layers.1.1.x": torch.full((2,), 4.0)})
write("tensor.pth", torch.ones(3), {"tensor": torch.ones(3)})

# More than Python writes at once, with a memo beyond one byte.
many = torch.arange(1100.0)
write("many.pth", {f"w{i}": many[i] for i in range(1100)}, {f"w{i}": many[i] for i in (0, 1, 999, 1000, 1001, 1099)})

config.save.storage_alignment = 1024
write("aligned.pth", weights, weights)
config.save.storage_alignment = 64
torch.serialization.set_crc32_options(False)
write("unchecked.pth", weights, weights)
torch.serialization.set_crc32_options(True)

# To be refused.
torch.save(net, folder / "module.pth")
torch.save({"model": net, "epoch": 1}, folder / "module_inside.pth")
torch.save(optimizer.state_dict(), folder / "optimizer.pth")
torch.save({"epoch": 3, "args": arguments}, folder / "nothing.pth")
torch.save({"x": torch.ones(2, dtype=torch.complex64).conj()}, folder / "conjugated.pth")
torch.save({"x": torch.quantize_per_tensor(torch.ones(2), 0.5, 0, torch.qint8), "y": torch.ones(2)}, folder / "quantized.pth")
script = io.BytesIO()
torch.jit.save(torch.jit.trace(net.eval(), torch.ones(2, 3)), script)
with zipfile.ZipFile(script) as whole, zipfile.ZipFile(folder / "script.pth", "w") as kept:
    for entry in whole.infolist():  # without what is told of the machine at hand
        if not entry.filename.endswith("debug_pkl"):
            kept.writestr(entry, whole.read(entry))

# NumPy: names with slashes, as big_vision writes them; orders of axes and bytes.
arrays = {"embedding/kernel": np.arange(24, dtype="<f4").reshape(2, 3, 4), "Transformer/encoder_norm/scale": np.ones(4, "<f4"),
          "fortran": np.asfortranarray(np.arange(6, dtype="<f8").reshape(2, 3)), "half": np.float16([1.5, -2]),
          "big": np.arange(3, dtype=">f4"), "step": np.array(70, "<i8"), "flag": np.array([True, False]),
          "bytes": np.arange(3, dtype="u1"), "none": np.zeros((0, 2), "<f4")}
np.savez(folder / "arrays.npz", **arrays)
expect("arrays.npz", {key: torch.from_numpy(np.ascontiguousarray(a).astype(a.dtype.newbyteorder("<")).reshape(a.shape))
                      for key, a in arrays.items()})
np.savez_compressed(folder / "packed.npz", x=np.zeros(5))
np.savez(folder / "objects.npz", x=np.array([{}], dtype=object))


# Folders of Hugging Face's.
def hub(name, **files):
    (folder / name).mkdir()
    text = {"model_type": "vit_mae", "hidden_size": 3, "layer_norm_eps": 1e-12, "image_size": [224, 192],
            "qkv_bias": True, "norm_pix_loss": False, "id2label": {"0": "cat"}, "architectures": ["ViTMAEModel"],
            "torch_dtype": None}
    (folder / name / "config.json").write_text(json.dumps(text, indent=2) + "\n")
    expect(name, {}, config__hidden_size="3", config__layer_norm_eps="1e-12", config__image_size="[224, 192]",
           config__qkv_bias="true", config__model_type="vit_mae", config__id2label__0="cat")


halves = [{k: v for k, v in weights.items() if k.startswith(p)} for p in ("norm.", "head.")]
hub("one")
save_file(dict(weights), folder / "one/model.safetensors", {"format": "pt"})
hub("pickled")
torch.save(weights, folder / "pickled/pytorch_model.bin")
for name, start, save in [("shards", "model", lambda t, p: save_file(dict(t), p)), ("pickled_shards", "pytorch_model", torch.save)]:
    hub(name)
    ending = "safetensors" if name == "shards" else "bin"
    files = [f"{start}-0000{i + 1}-of-00002.{ending}" for i in range(2)]
    for half, file in zip(halves, files):
        save(half, folder / name / file)
    index = {"metadata": {"total_size": 80}, "weight_map": {k: f for h, f in zip(halves, files) for k in h}}
    (folder / name / f"{start}.{ending}.index.json").write_text(json.dumps(index, indent=2) + "\n")
for name in ("one", "pickled", "shards", "pickled_shards"):
    expect(name, weights)

save_file(expected, folder.with_suffix(".safetensors"),
          {"oracle": f"torch {torch.__version__.split('+')[0]}, NumPy {np.__version__}", **settings})
print(sum(f.stat().st_size for f in folder.rglob("*")), "bytes in", len(list(folder.rglob("*"))), "files")
