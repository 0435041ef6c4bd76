#!/usr/bin/env python3
"""Writes the folder `published` beside it: tiny models as other projects write them, and what these compute of them.

    for v in 4.57.3 5.24.0; do
      python3 -m venv /tmp/transformers-$v && /tmp/transformers-$v/bin/pip install torch transformers==$v timm safetensors
    done
    /tmp/transformers-5.24.0/bin/python tests/golden/published.py /tmp/transformers-4.57.3/bin/python [folder]

One masked autoencoder under the names of every dialect, so that all files must load to the same weights, the same
features and the same predictions; `expected.safetensors` has its weights by the original names, images, noise, and in
float64 the features, predictions and mask of transformers. It is written by save_pretrained of transformers 4 and 5
(model, encoder alone, classifier), by timm, and by torch.save as a run of the original code does; the names of
mmpretrain, lightly, solo-learn and augreg, which need too much to be run here, come from the tables in this file.

`dinov2`, `dinov2_hf`, `beit` and `no_bias` have weights of their own, and their features are beside them: timm's and
transformers' with LayerScale, timm's BEiT without a bias of keys, a ViT without biases in its attention.

What others must be able to read: `hugging_face/` (model.safetensors, config.json), the preprocessor_config.json of
`hugging_face_images`, the config.json of `hugging_face_encoder` and `hugging_face_classifier` with the tensors of
transformers_{encoder,classifier}.safetensors, and `timm*.safetensors` are what this library writes, tensor for tensor;
both versions of transformers and timm load them here, strictly and without a warning.
"""

import argparse
import io
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import safetensors.numpy
import safetensors.torch
import torch
import transformers
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
from checks import expect, expect_close  # noqa: E402
from inputs import make_images, make_noise, random_weights, sincos_table  # noqa: E402

SIDE, PATCH, WIDTH, DEPTH, HEADS = 6, 2, 8, 2, 2
DECODER_WIDTH, DECODER_DEPTH, DECODER_HEADS = 4, 1, 1
PATCHES, CLASSES, RATIO = (SIDE // PATCH) ** 2, 5, 0.75

SIZES = dict(image_size=SIDE, patch_size=PATCH, num_channels=3, hidden_size=WIDTH, num_hidden_layers=DEPTH,
             num_attention_heads=HEADS, intermediate_size=4 * WIDTH, layer_norm_eps=1e-6)
MEAN, DEVIATION = [0.5, 0.25, 0.125], [0.25, 0.5, 0.75]
DECODER = dict(decoder_hidden_size=DECODER_WIDTH, decoder_num_hidden_layers=DECODER_DEPTH,
               decoder_num_attention_heads=DECODER_HEADS, decoder_intermediate_size=4 * DECODER_WIDTH, mask_ratio=RATIO)


def shapes(width=WIDTH, depth=DEPTH, decoder=True):
    found = {"cls_token": (1, 1, width), "patch_embed.proj.weight": (width, 3, PATCH, PATCH),
             "patch_embed.proj.bias": (width,), "norm.weight": (width,), "norm.bias": (width,)}

    def blocks(prefix, count, d):
        for i in range(count):
            for name, shape in {"norm1.weight": (d,), "norm1.bias": (d,), "attn.qkv.weight": (3 * d, d),
                                "attn.qkv.bias": (3 * d,), "attn.proj.weight": (d, d), "attn.proj.bias": (d,),
                                "norm2.weight": (d,), "norm2.bias": (d,), "mlp.fc1.weight": (4 * d, d),
                                "mlp.fc1.bias": (4 * d,), "mlp.fc2.weight": (d, 4 * d), "mlp.fc2.bias": (d,)}.items():
                found[f"{prefix}.{i}.{name}"] = shape

    blocks("blocks", depth, width)
    if decoder:
        found.update({"mask_token": (1, 1, DECODER_WIDTH), "decoder_embed.weight": (DECODER_WIDTH, width),
                      "decoder_embed.bias": (DECODER_WIDTH,), "decoder_norm.weight": (DECODER_WIDTH,),
                      "decoder_norm.bias": (DECODER_WIDTH,), "decoder_pred.weight": (3 * PATCH**2, DECODER_WIDTH),
                      "decoder_pred.bias": (3 * PATCH**2,)})
        blocks("decoder_blocks", DECODER_DEPTH, DECODER_WIDTH)
    return found


def make_weights(rng, **options):
    weights = random_weights(rng, shapes(**options))
    grid = SIDE // PATCH
    weights["pos_embed"] = sincos_table(grid, grid, WIDTH)
    if "mask_token" in weights:
        weights["decoder_pos_embed"] = sincos_table(grid, grid, DECODER_WIDTH)
    return weights


def is_decoder(name):
    return name.startswith("decoder") or name == "mask_token"


def encoder_of(weights):
    return {name: value for name, value in weights.items() if not is_decoder(name)}


def split_qkv(name, value, parts):
    """One of query, key and value after the other, under the names of `parts`."""
    return {name.replace("attn.qkv", part): rows for part, rows in zip(parts, np.split(value, 3))}


def rename(weights, rules, block_rules):
    """By the tables below: [(start of our name, of theirs)], and inside blocks."""
    out = {}
    for name, value in weights.items():
        new = name
        for ours, theirs in rules:
            if name.startswith(ours):
                new = theirs + name[len(ours):]
                break
        for ours, theirs in block_rules:
            new = new.replace(ours, theirs) if "blocks." in name else new
        out[new] = value
    return out


def hugging_face(weights, inner_five=False, decoder_layers="decoder.decoder_layers.", alone=False):
    vit = "" if alone else "vit."
    layers = "layers." if inner_five else "encoder.layer."
    rules = [("cls_token", f"{vit}embeddings.cls_token"), ("pos_embed", f"{vit}embeddings.position_embeddings"),
             ("patch_embed.proj.", f"{vit}embeddings.patch_embeddings.projection."), ("norm.", f"{vit}layernorm."),
             ("blocks.", vit + layers), ("decoder_blocks.", decoder_layers), ("mask_token", "decoder.mask_token"),
             ("decoder_", "decoder.decoder_"), ("head.", "classifier.")]
    inner = [("norm1.", "layernorm_before."), ("norm2.", "layernorm_after.")]
    if inner_five:
        inner += [("attn.proj.", "attention.o_proj.")]
        parts = [f"attention.{p}_proj" for p in "qkv"]
    else:
        inner += [("attn.proj.", "attention.output.dense."), ("mlp.fc1.", "intermediate.dense."),
                  ("mlp.fc2.", "output.dense.")]
        parts = [f"attention.attention.{p}" for p in ("query", "key", "value")]
    out = {}
    for name, value in rename(weights, rules, inner).items():
        out.update(split_qkv(name, value, parts) if "attn.qkv" in name else {name: value})
    return out


def mmpretrain(weights):
    rules = [("patch_embed.proj.", "backbone.patch_embed.projection."), ("norm.", "backbone.ln1."),
             ("mask_token", "neck.mask_token"), ("decoder_norm.", "neck.ln1."), ("decoder_", "neck.decoder_"),
             ("blocks.", "backbone.layers."), ("", "backbone.")]
    return rename(weights, rules, [("norm1.", "ln1."), ("norm2.", "ln2."), ("mlp.fc1.", "ffn.layers.0.0."),
                                   ("mlp.fc2.", "ffn.layers.1.")])


def lightly(weights):
    rules = [("mask_token", "decoder.mask_token"), ("decoder_embed.", "decoder_embed."),
             ("decoder_pos_embed", "decoder.pos_embed"), ("decoder_norm.", "decoder.norm."),
             ("decoder_blocks.", "decoder.blocks."), ("decoder_pred.", "prediction_head."), ("", "backbone.vit.")]
    dead = {"backbone.mask_token": np.zeros((1, 1, WIDTH), np.float32)}
    return {**rename(weights, rules, []), **dead}


def apart(weights, encoder):
    """Old lightly and solo-learn."""
    return rename(weights, [("mask_token", "decoder.mask_token"), ("decoder_", "decoder.decoder_"), ("", encoder)], [])


def augreg(weights, new=False):
    """As big_vision writes a ViT: JAX's layout. `new`: since it counts each kind of layer from zero."""
    hd = WIDTH // HEADS
    attention, norm2, mlp = ("MultiHeadDotProductAttention_0", "LayerNorm_1", "MlpBlock_0") if new else (
        "MultiHeadDotProductAttention_1", "LayerNorm_2", "MlpBlock_3")
    out = {"cls": weights["cls_token"], "embedding/kernel": weights["patch_embed.proj.weight"].transpose(2, 3, 1, 0),
           "embedding/bias": weights["patch_embed.proj.bias"],
           "Transformer/encoder_norm/scale": weights["norm.weight"], "Transformer/encoder_norm/bias": weights["norm.bias"],
           "pos_embedding" if new else "Transformer/posembed_input/pos_embedding": weights["pos_embed"]}
    for i in range(DEPTH):
        of = lambda name: weights[f"blocks.{i}.{name}"]
        block = f"Transformer/encoderblock_{i}/"
        for part, weight, bias in zip(("query", "key", "value"), np.split(of("attn.qkv.weight"), 3),
                                      np.split(of("attn.qkv.bias"), 3)):
            out[f"{block}{attention}/{part}/kernel"] = weight.T.reshape(WIDTH, HEADS, hd)
            out[f"{block}{attention}/{part}/bias"] = bias.reshape(HEADS, hd)
        out[f"{block}{attention}/out/kernel"] = of("attn.proj.weight").T.reshape(HEADS, hd, WIDTH)
        out[f"{block}{attention}/out/bias"] = of("attn.proj.bias")
        for ours, theirs in (("norm1", "LayerNorm_0"), ("norm2", norm2)):
            out[f"{block}{theirs}/scale"], out[f"{block}{theirs}/bias"] = of(f"{ours}.weight"), of(f"{ours}.bias")
        for layer in (0, 1):
            out[f"{block}{mlp}/Dense_{layer}/kernel"] = of(f"mlp.fc{layer + 1}.weight").T
            out[f"{block}{mlp}/Dense_{layer}/bias"] = of(f"mlp.fc{layer + 1}.bias")
    return out


class Silence:
    """Whatever transformers or Python warns of inside is an error."""

    def __enter__(self):
        self.text = io.StringIO()
        self.handler = logging.StreamHandler(self.text)
        self.logger = logging.getLogger("transformers")
        self.logger.addHandler(self.handler)
        transformers.logging.set_verbosity_warning()
        self.caught = warnings.catch_warnings(record=True)
        self.list = self.caught.__enter__()
        warnings.simplefilter("always")

    def __exit__(self, *error):
        self.logger.removeHandler(self.handler)
        self.caught.__exit__(*error)
        told = [str(w.message) for w in self.list] + [self.text.getvalue()]
        told = [line for line in told if line.strip()]
        if error[0] is None:
            expect(not told, f"transformers {transformers.__version__} warns: {told}")


def assign(model, tensors):
    missing, unexpected = model.load_state_dict({k: torch.from_numpy(np.ascontiguousarray(v))
                                                 for k, v in tensors.items()}, strict=True)
    expect(not missing and not unexpected, "a strict load that was not")
    return model.double().eval()


def mae_model():
    return transformers.ViTMAEForPreTraining(transformers.ViTMAEConfig(**SIZES, **DECODER, norm_pix_loss=False))


def in_memory(weights, **options):
    five = int(transformers.__version__.split(".")[0]) >= 5
    return hugging_face(weights, inner_five=five, **options)


def save_pretrained(model, path, **options):
    """model.safetensors of save_pretrained, as `path`."""
    with tempfile.TemporaryDirectory() as folder:
        model.float().save_pretrained(folder, **options)
        tensors = safetensors.numpy.load_file(f"{folder}/model.safetensors")
        write(path, tensors, {"format": "pt"})
        return json.loads(Path(f"{folder}/config.json").read_text())


def write(path, tensors, metadata):
    """safetensors in the order of names, the same bytes each time."""
    header, end = {"__metadata__": metadata}, 0
    dtypes = {"float64": "F64", "float32": "F32", "int32": "I32", "int64": "I64", "float16": "F16"}
    names = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    for name in names:
        begin, end = end, end + tensors[name].nbytes
        header[name] = {"dtype": dtypes[tensors[name].dtype.name], "shape": tensors[name].shape,
                        "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    data = len(text).to_bytes(8, "little") + text + b"".join(np.ascontiguousarray(tensors[n]).tobytes() for n in names)
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_bytes(data)
    print(f"{Path(path).name:34} {len(data):8} bytes")


def by_transformers(folder, weights):
    """What both versions of transformers write, each its own."""
    major = transformers.__version__.split(".")[0]
    model = assign(mae_model(), in_memory(weights))
    path = folder / f"transformers_{major}.safetensors"
    save_pretrained(model, path)
    if major == "4":  # byte for byte what this library writes
        expect(path.read_bytes() == (folder / "hugging_face" / "model.safetensors").read_bytes(), "transformers 4")
        path.unlink()
    encoder = transformers.ViTMAEModel(transformers.ViTMAEConfig(**SIZES, **DECODER))
    assign(encoder, in_memory(encoder_of(weights), alone=True))
    save_pretrained(encoder, folder / "transformers_encoder.safetensors")  # the same of both
    if major == "5":
        save_pretrained(model, folder / "transformers_5_memory.safetensors", save_original_format=False)
    # What this library writes for them: strictly, without a word.
    with Silence():
        processor = transformers.ViTImageProcessor.from_pretrained(folder / "hugging_face_images")
        pixels = np.random.default_rng(19).integers(0, 256, (2 * SIDE, SIDE, 3), np.uint8)
        exact = processor(pixels[:SIDE], return_tensors="np")["pixel_values"][0]
        resized = processor(pixels, return_tensors="np")["pixel_values"][0]
    wanted = ((pixels[:SIDE] / 255 - MEAN) / DEVIATION).transpose(2, 0, 1)
    expect_close(exact, wanted, 1e-6, "normalised images")
    small = np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    expect(np.abs(resized * np.array(DEVIATION)[:, None, None] * 255 + np.array(MEAN)[:, None, None] * 255 -
                  small.transpose(2, 0, 1)).max() < 1.01, "resized images")
    for architecture, tensors in OURS.items():
        what = getattr(transformers, architecture)
        with tempfile.TemporaryDirectory() as home:
            where = folder / f"hugging_face{OURS[architecture][0]}"
            shutil.copy(where / "config.json", home)
            shutil.copy(folder / OURS[architecture][1], f"{home}/model.safetensors")
            with Silence():
                read, info = what.from_pretrained(home, output_loading_info=True)
        expect(not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), str(info))
        expect(read.config.num_attention_heads == HEADS and read.config.layer_norm_eps == 1e-6, "config.json")
        if architecture == "ViTMAEForPreTraining":
            state, wanted = {name: value.numpy() for name, value in read.state_dict().items()}, in_memory(weights)
            expect(state.keys() == wanted.keys() and all(np.array_equal(state[n], wanted[n]) for n in state),
                   "transformers reads other weights than were written")


def expected(folder, weights, rng):
    images = make_images(rng, 2, 3, SIDE, SIDE)
    noise = make_noise(rng, 2, PATCHES)
    model = assign(mae_model(), in_memory(weights))
    images64, noise64 = torch.from_numpy(images).double(), torch.from_numpy(noise).double()
    with torch.no_grad():
        out = model(images64, noise=noise64)
        model.config.mask_ratio = 0.0
        order = torch.arange(PATCHES).double().expand(2, -1)
        features = model.vit(images64, noise=order).last_hidden_state.numpy()
        model.config.mask_ratio = RATIO
    expect_close(features, timm_features(timm_encoder(), encoder_of(weights), images), 1e-10, "timm's features")
    write(folder / "expected.safetensors",
          dict(weights, images=images, noise=noise, pred=out.logits.numpy(), mask=out.mask.numpy().astype(np.float32),
               features=features),
          {"torch": torch.__version__, "transformers": transformers.__version__, "timm": timm_version()})
    return images


def timm_version():
    import timm
    return timm.__version__


def timm_encoder(**options):
    from timm.models.vision_transformer import VisionTransformer
    options = {**dict(qkv_bias=True, num_classes=0, global_pool="token"), **options}
    return VisionTransformer(img_size=SIDE, patch_size=PATCH, embed_dim=WIDTH, depth=DEPTH, num_heads=HEADS,
                             norm_layer=partial(torch.nn.LayerNorm, eps=1e-6), **options)


def timm_features(model, weights, images):
    assign(model, weights)
    with torch.no_grad():
        return model.forward_features(torch.from_numpy(images).double()).numpy()


def own_weights(folder, name, model, rename_to, images, rng, metadata=None):
    """A model of a relative with random weights of its own: its file, and its features beside."""
    state = {key: value for key, value in model.state_dict().items() if value.dtype.is_floating_point}
    weights = random_weights(rng, {key: tuple(value.shape) for key, value in state.items()})
    features = timm_features(model, weights, images)
    write(folder / f"{name}.safetensors", rename_to(weights), metadata or {"format": "pt"})
    write(folder / f"{name}_features.safetensors", {"features": features}, {"timm": timm_version()})


def by_timm(folder, weights, images, rng):
    encoder = assign(timm_encoder(), encoder_of(weights)).float()
    write(folder / "timm.safetensors", {k: v.numpy() for k, v in encoder.state_dict().items()}, {"format": "pt"})
    same = lambda tensors: tensors
    own_weights(folder, "dinov2", timm_encoder(init_values=0.1), lambda w: {
        **w, "mask_token": np.zeros((1, WIDTH), np.float32)}, images, rng)
    own_weights(folder, "no_bias", timm_encoder(qkv_bias=False), same, images, rng)
    from timm.models.beit import Beit
    beit = Beit(img_size=SIDE, patch_size=PATCH, num_classes=0, global_pool="token", embed_dim=WIDTH, depth=DEPTH,
                num_heads=HEADS, qkv_bias=True, init_values=0.1, use_abs_pos_emb=True,
                norm_layer=partial(torch.nn.LayerNorm, eps=1e-6))
    beit.load_state_dict({k: v for k, v in beit.state_dict().items()})
    own_weights(folder, "beit", beit, same, images, rng)
    # Fine-tuned: the mean over patches with fc_norm, and the class token.
    for name, pool in (("timm_pool", "avg"), ("timm_token", "token")):
        model = timm_encoder(num_classes=CLASSES, global_pool=pool)
        state = {k: tuple(v.shape) for k, v in model.state_dict().items()}
        new = random_weights(rng, {k: s for k, s in state.items() if k not in weights})
        tensors = {k: weights.get(k, new.get(k)) for k in state}
        assign(model, tensors)
        with torch.no_grad():
            logits = model(torch.from_numpy(images).double()).numpy()
        write(folder / f"{name}.safetensors", tensors, {"format": "pt"})
        write(folder / f"{name}_logits.safetensors", {"logits": logits}, {"timm": timm_version()})
    # A classifier of transformers: the class token.
    model = transformers.ViTForImageClassification(transformers.ViTConfig(**SIZES, num_labels=CLASSES))
    new = random_weights(rng, {"head.weight": (CLASSES, WIDTH), "head.bias": (CLASSES,)})
    assign(model, hugging_face({**encoder_of(weights), **new}, inner_five=True))
    with torch.no_grad():
        logits = model(torch.from_numpy(images).double()).logits.numpy()
    save_pretrained(model, folder / "transformers_classifier.safetensors")
    write(folder / "transformers_classifier_logits.safetensors", {"logits": logits},
          {"transformers": transformers.__version__})
    # DINOv2 of transformers.
    config = transformers.Dinov2Config(hidden_size=WIDTH, num_hidden_layers=DEPTH, num_attention_heads=HEADS, mlp_ratio=4,
                                       image_size=SIDE, patch_size=PATCH, layer_norm_eps=1e-6, layerscale_value=0.1)
    model = transformers.Dinov2Model(config)
    tensors = random_weights(rng, {k: tuple(v.shape) for k, v in model.state_dict().items()})
    assign(model, tensors)
    with torch.no_grad():
        features = model(torch.from_numpy(images).double()).last_hidden_state.numpy()
    save_pretrained(model, folder / "dinov2_hf.safetensors")
    write(folder / "dinov2_hf_features.safetensors", {"features": features}, {"transformers": transformers.__version__})


def by_table(folder, weights):
    """Projects whose files are their names."""
    encoder = encoder_of(weights)
    torch_format = {"format": "pt"}
    files = {
        "mmpretrain": mmpretrain(weights),
        "lightly": lightly(weights),
        "lightly_old": apart(weights, "backbone.vit."),
        "solo_learn": {**apart(weights, "backbone."), "classifier.weight": np.ones((5, WIDTH), np.float32)},
        "augreg": augreg(encoder),
        "big_vision": augreg(encoder, new=True),
    }
    for name, tensors in files.items():
        write(folder / f"{name}.safetensors", tensors, torch_format)
    # As a run of the original code saves itself.
    state = {name: torch.from_numpy(value) for name, value in weights.items()}
    args = argparse.Namespace(model="mae_vit_tiny", batch_size=64, blr=1.5e-4)
    optimizer = {"state": {0: {"step": torch.tensor(7.0), "exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 1e-3}]}
    torch.save({"model": state, "optimizer": optimizer, "epoch": 7, "scaler": {"scale": 65536.0}, "args": args},
               folder / "original.pth")
    torch.save({"optimizer": optimizer, "epoch": 7}, folder / "optimizer.pth")


# What this library writes: an architecture's folder, and a file that has the tensors.
OURS = {"ViTMAEForPreTraining": ("", "hugging_face/model.safetensors"),
        "ViTMAEModel": ("_encoder", "transformers_encoder.safetensors"),
        "ViTForImageClassification": ("_classifier", "transformers_classifier.safetensors")}


def ours(folder, weights):
    """What this library writes for transformers."""
    write(folder / "hugging_face" / "model.safetensors", hugging_face(weights), {"format": "pt"})
    for architecture, (ending, _) in OURS.items():
        mae = architecture.startswith("ViTMAE")
        config = {"architectures": [architecture], "model_type": "vit_mae" if mae else "vit", "hidden_act": "gelu",
                  "hidden_size": WIDTH, "num_hidden_layers": DEPTH, "num_attention_heads": HEADS,
                  "intermediate_size": 4 * WIDTH, "layer_norm_eps": 1e-6, "image_size": SIDE, "patch_size": PATCH,
                  "num_channels": 3, "qkv_bias": True}
        if architecture == "ViTMAEForPreTraining":
            config.update({"decoder_hidden_size": DECODER_WIDTH, "decoder_num_hidden_layers": DECODER_DEPTH,
                           "decoder_num_attention_heads": DECODER_HEADS,
                           "decoder_intermediate_size": 4 * DECODER_WIDTH, "mask_ratio": RATIO, "norm_pix_loss": False})
        if not mae:
            config["id2label"] = {str(k): f"LABEL_{k}" for k in range(CLASSES)}
            config["label2id"] = {f"LABEL_{k}": k for k in range(CLASSES)}
        where = folder / f"hugging_face{ending}"
        where.mkdir(exist_ok=True)
        (where / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    images = {"image_processor_type": "ViTImageProcessor", "do_resize": True, "size": {"height": SIDE, "width": SIDE},
              "resample": 3, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": MEAN,
              "image_std": DEVIATION}
    (folder / "hugging_face_images").mkdir(exist_ok=True)
    (folder / "hugging_face_images" / "preprocessor_config.json").write_text(json.dumps(images, indent=2) + "\n")


def main():
    torch.set_num_threads(1)
    arguments = [a for a in sys.argv[1:] if a != "--four"]
    folder = Path(arguments[1]) if len(arguments) > 1 else Path(__file__).parent / "published"
    folder.mkdir(exist_ok=True)
    weights = make_weights(np.random.default_rng(17))
    if "--four" in sys.argv:
        expect(transformers.__version__.startswith("4."), "the other Python needs transformers 4")
        return by_transformers(folder, weights)
    ours(folder, weights)
    by_table(folder, weights)
    rng = np.random.default_rng(18)
    images = expected(folder, weights, rng)
    by_timm(folder, weights, images, rng)
    by_transformers(folder, weights)
    subprocess.run([arguments[0], __file__, "--four", arguments[0], str(folder)], check=True, env=dict(os.environ))


if __name__ == "__main__":
    main()
