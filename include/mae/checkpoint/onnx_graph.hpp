// The models of this library as ONNX graphs: encoder, heads and decoder, node by node, from their sizes and the names
// of their parameters.
//
// Values are called as the module that computes them, and constants as parameters are: `blocks.0.attn.qkv` of
// `blocks.0.attn.qkv.weight`, which ends in `.transposed` where ONNX wants [in, out]. No node asks for a shape: an
// extent of the batch is copied by a 0 in Reshape or comes by broadcasting, so any number of images goes through, and a
// runtime can plan everything else. The class token comes by padding a row of zeros, to which a table adds token and
// position. Epsilon and GELU (the exact one, by Erf) are this library's. Where tokens are picked, GatherND does it.
#pragma once
#include <limits>

#include <mae/autograd/trace/parameter.hpp>
#include <mae/checkpoint/finite.hpp>
#include <mae/core/math.hpp>
#include <mae/io/tensors/onnx.hpp>
#include <mae/model/geometry.hpp>
#include <mae/ops/layer_norm.hpp>
#include <mae/ops/pool.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

/// The sizes of a transformer.
struct OnnxTransformer {
  Index width, heads, hidden;
  int depth;
  template <class Size>
  static constexpr OnnxTransformer of() {
    return {Size::width, Size::heads, Size::hidden, Size::depth};
  }
};
/// The sizes of images and how they are cut.
struct OnnxImage {
  Index channels, height, width;
  PatchGrid grid;
  template <class Image>
  static constexpr OnnxImage of() {
    return {Image::channels, Image::height, Image::width, Image::grid};
  }
};

class OnnxBuilder {
 public:
  /// Puts the numbers of a parameter into a vector of their size, as files order them.
  using Read = std::function<void(const ParameterInfo&, std::vector<float>&)>;

  /// `subject` begins errors about parameters.
  OnnxBuilder(std::vector<ParameterInfo> parameters, Read read, std::string subject)
      : parameters_(std::move(parameters)), read_(std::move(read)), subject_(std::move(subject)) {}

  OnnxGraph graph;

  /// images → what leaves the last block of the encoder, [batch, L + 1, D]; the table has the class token.
  std::string trunk(const OnnxImage& image, const OnnxTransformer& size, const std::string& images = "images") {
    return blocks("blocks", embed(image, size.width, images), size);
  }
  /// images → tokens with positions, class token first, [batch, L + 1, D].
  std::string embed(const OnnxImage& image, Index D, const std::string& images) {
    const Index L = image.grid.patches(), P = image.grid.patch;
    graph.input(images, {dyn, image.channels, image.height, image.width});
    const std::string filter = weight("patch_embed.proj.weight"), bias = weight("patch_embed.proj.bias");
    const std::string maps = graph.node("Conv", {images, filter, bias}, "patch_embed.proj",
                                        {{"kernel_shape", std::vector{P, P}}, {"strides", std::vector{P, P}}});
    const std::string rows =
        graph.node("Reshape", {maps, graph.integers("patch_embed.shape", {0, D, L})}, "patch_embed.rows");
    const std::string patches = transposed_value(rows, "patch_embed", {0, 2, 1});
    std::vector<float> table = numbers("pos_embed");
    const std::vector<float> token = numbers("cls_token");
    for (Index d = 0; d < D; ++d) table[at(d)] += token[at(d)];
    require_finite(table.data(), {1, L + 1, D}, subject_ + ": cls_token + pos_embed");
    const std::string positions = graph.tensor("pos_embed.with_cls_token", {1, L + 1, D}, std::move(table));
    return graph.node("Add", {pad(patches, "patch_embed.padded", {0, 1, 0, 0, 0, 0}), positions}, "tokens");
  }
  /// The blocks `name`.0, `name`.1, ... one after the other.
  std::string blocks(const std::string& name, std::string x, const OnnxTransformer& size) {
    for (int i = 0; i < size.depth; ++i) x = block(name + "." + std::to_string(i), x, size);
    return x;
  }
  /// x [..., D] → normalised; the value is called `result`.
  std::string layer_norm(const std::string& x, const std::string& name, const std::string& result) {
    const std::string gain = weight(name + ".weight"), shift = weight(name + ".bias");
    return graph.node("LayerNormalization", {x, gain, shift}, result,
                      {{"axis", Index{-1}}, {"epsilon", static_cast<float>(layer_norm_epsilon)}});
  }
  std::string layer_norm(const std::string& x, const std::string& name) { return layer_norm(x, name, name); }
  /// x [..., in] → x wᵀ + b [..., out]; the value is called `result`.
  std::string linear(const std::string& x, const std::string& name, const std::string& result) {
    const std::string product = graph.node("MatMul", {x, transposed(name + ".weight")}, name + ".product");
    return graph.node("Add", {product, weight(name + ".bias")}, result);
  }
  std::string linear(const std::string& x, const std::string& name) { return linear(x, name, name); }
  /// x [batch, N, D] → rows from `first` on, [batch, N - first, D].
  std::string rows_from(const std::string& x, const std::string& name, Index first) {
    return slice(x, name, first, (std::numeric_limits<Index>::max)());
  }
  /// x [batch, N, ...] → rows [first, end).
  std::string slice(const std::string& x, const std::string& name, Index first, Index end) {
    return graph.node("Slice",
                      {x, graph.integers(name + ".from", {first}), graph.integers(name + ".to", {end}),
                       graph.integers("axis_1", {1})},
                      name);
  }
  /// x [batch, N, D] → [batch, D]: the mean of the patches' tokens, or the class token.
  std::string pool(const std::string& x, Pool how) {
    if (how == Pool::class_token)
      return graph.node("Gather", {x, graph.integers("class_token", {0}, true)}, "pool", {{"axis", Index{1}}});
    return graph.node("ReduceMean", {rows_from(x, "patch_tokens", 1)}, "pool",
                      {{"axes", std::vector<Index>{1}}, {"keepdims", Index{0}}});
  }
  /// x [batch, N, D] and rows [batch, M] int64 → [batch, M, D].
  std::string pick(const std::string& x, const std::string& rows, const std::string& name) {
    const std::string places = graph.node("Unsqueeze", {rows, graph.integers("last_axis", {-1})}, name + ".places");
    return graph.node("GatherND", {x, places}, name, {{"batch_dims", Index{1}}});
  }
  /// The L indices that sort x [batch, L], smallest first, of equal ones the first: [batch, L] int64.
  std::string sorted(const std::string& x, const std::string& name, Index L) {
    graph.node("TopK", {x, graph.integers("patches", {L})}, {name + ".sorted", name},
               {{"axis", Index{-1}}, {"largest", Index{0}}, {"sorted", Index{1}}});
    return name;
  }
  /// x padded by zeros: `pads` says how many in front of each axis, then behind each.
  std::string pad(const std::string& x, const std::string& name, const std::vector<Index>& pads) {
    return graph.node("Pad", {x, graph.integers(name + ".pads", pads)}, name);
  }

  /// The parameter `name` as a constant. Throws mae::Error if the model has none, or a number of it is not finite.
  std::string weight(const std::string& name) {
    const ParameterInfo& parameter = checked(name);
    return graph.tensor(name, parameter.shape, [this, parameter](std::vector<float>& to) { read_(parameter, to); });
  }
  /// The parameter [out, in] as [in, out].
  std::string transposed(const std::string& name) {
    const ParameterInfo& parameter = checked(name);
    const Index out = parameter.shape[0], in = parameter.shape[1];
    return graph.tensor(name + ".transposed", {in, out}, [this, parameter, out, in](std::vector<float>& to) {
      std::vector<float> rows(to.size());
      read_(parameter, rows);
      for (Index o = 0; o < out; ++o)
        for (Index i = 0; i < in; ++i) to[at(i * out + o)] = rows[at(o * in + i)];
    });
  }
  /// The numbers of the parameter `name`.
  std::vector<float> numbers(const std::string& name) const {
    const ParameterInfo& parameter = checked(name);
    std::vector<float> values(at(parameter.count));
    read_(parameter, values);
    return values;
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  const ParameterInfo& checked(const std::string& name) const {
    for (const ParameterInfo& parameter : parameters_) {
      if (parameter.name != name) continue;
      std::vector<float> values(at(parameter.count));
      read_(parameter, values);
      require_finite(values.data(), parameter.shape, subject_ + ": tensor " + name);
      return parameter;
    }
    throw Error(subject_, "no parameter " + name + " in the model", "one, to write it");
  }
  std::string transposed_value(const std::string& x, const std::string& name, const std::vector<Index>& axes) {
    return graph.node("Transpose", {x}, name, {{"perm", axes}});
  }
  std::string scalar(const std::string& name, double value) {
    return graph.tensor(name, {}, std::vector<float>{static_cast<float>(value)});
  }

  std::string block(const std::string& name, const std::string& x, const OnnxTransformer& size) {
    const std::string seen = attention(name + ".attn", layer_norm(x, name + ".norm1"), size);
    const std::string y = graph.node("Add", {x, seen}, name + ".attn.sum");
    const std::string wide = gelu(linear(layer_norm(y, name + ".norm2"), name + ".mlp.fc1"), name + ".mlp.gelu");
    return graph.node("Add", {y, linear(wide, name + ".mlp.fc2")}, name);
  }
  std::string attention(const std::string& name, const std::string& x, const OnnxTransformer& size) {
    const Index D = size.width, H = size.heads, width = D / H;
    const std::string sizes = std::to_string(H) + "x" + std::to_string(width);  // those of a decoder may be others
    const std::string qkv = linear(x, name + ".qkv");
    const std::string heads = graph.integers("heads." + sizes, {0, 0, H, width});
    graph.node("Split", {qkv, graph.integers("qkv." + sizes, {D, D, D})}, {name + ".q", name + ".k", name + ".v"},
               {{"axis", Index{-1}}});
    const auto by_head = [&](const char* which, const std::vector<Index>& axes) {
      const std::string rows = graph.node("Reshape", {name + which, heads}, name + which + ".rows");
      return transposed_value(rows, name + which + ".heads", axes);
    };
    const std::string q = by_head(".q", {0, 2, 1, 3}), k = by_head(".k", {0, 2, 3, 1}), v = by_head(".v", {0, 2, 1, 3});
    const std::string scores = graph.node("MatMul", {q, k}, name + ".scores");
    const std::string scale = scalar("scale." + sizes, 1 / math::sqrt(static_cast<double>(width)));
    const std::string scaled = graph.node("Mul", {scores, scale}, name + ".scaled");
    const std::string shares = graph.node("Softmax", {scaled}, name + ".softmax", {{"axis", Index{-1}}});
    const std::string seen = graph.node("MatMul", {shares, v}, name + ".seen");
    const std::string tokens = transposed_value(seen, name + ".tokens", {0, 2, 1, 3});
    const std::string joined =
        graph.node("Reshape", {tokens, graph.integers("joined." + sizes, {0, 0, D})}, name + ".joined");
    return linear(joined, name + ".proj");
  }
  std::string gelu(const std::string& x, const std::string& name) {
    const std::string narrow = graph.node("Mul", {x, scalar("gelu.scale", 1 / math::sqrt(2.0))}, name + ".scaled");
    const std::string erf = graph.node("Erf", {narrow}, name + ".erf");
    const std::string share = graph.node("Add", {erf, scalar("one", 1)}, name + ".share");
    const std::string twice = graph.node("Mul", {x, share}, name + ".twice");
    return graph.node("Mul", {twice, scalar("half", 0.5)}, name);
  }

  std::vector<ParameterInfo> parameters_;
  Read read_;
  std::string subject_;
};

/// The whole masked autoencoder: images and noise → pred, mask and ids_restore.
inline void add_masked_autoencoder(OnnxBuilder& build, const OnnxImage& image, const OnnxTransformer& encoder,
                                   const OnnxTransformer& decoder, Index V) {
  OnnxGraph& graph = build.graph;
  const Index L = image.grid.patches(), D = decoder.width, n = image.grid.patch * image.grid.patch * image.channels;
  const auto one = [&] { return graph.integers("one_row", {1}); };
  // Patches with the smallest numbers stay; row 0 is the class token's.
  const std::string all = build.embed(image, encoder.width, "images");  // [batch, L + 1, D]
  graph.input("noise", {dyn, L});
  const std::string ids = build.sorted("noise", "ids_shuffle", L), restore = build.sorted(ids, "ids_restore", L);
  const std::string keep = graph.node("Add", {build.slice(ids, "ids_keep", 0, V), one()}, "ids_keep.rows");
  const std::string rows = build.pad(keep, "ids_keep.with_cls_token", {0, 1, 0, 0});
  const std::string visible = build.blocks("blocks", build.pick(all, rows, "tokens.visible"), encoder);
  const std::string latent = build.layer_norm(visible, "norm");  // [batch, V + 1, D]

  // One row more, the mask token, behind the visible ones: every hidden patch picks that.
  const std::string embedded = build.linear(latent, "decoder_embed");
  std::vector<float> table(static_cast<std::size_t>((V + 1) * D));
  const std::vector<float> token = build.numbers("mask_token");
  table.insert(table.end(), token.begin(), token.end());
  const std::string mask_token = graph.tensor("mask_token.behind", {1, V + 2, D}, std::move(table));
  const std::string padded = build.pad(embedded, "decoder_embed.padded", {0, 0, 0, 0, 1, 0});
  const std::string known = graph.node("Add", {padded, mask_token}, "decoder_embed.with_mask_token");
  const std::string capped = graph.node("Min", {restore, graph.integers("visible", {V})}, "ids_restore.capped");
  const std::string places = graph.node("Add", {capped, one()}, "ids_restore.rows");
  const std::string sources = build.pad(places, "ids_restore.with_cls_token", {0, 1, 0, 0});
  const std::string tokens = build.pick(known, sources, "decoder_embed.restored");  // [batch, L + 1, D]
  const std::string placed = graph.node("Add", {tokens, build.weight("decoder_pos_embed")}, "decoder_tokens");
  const std::string last = build.blocks("decoder_blocks", placed, decoder);
  const std::string patches = build.rows_from(build.layer_norm(last, "decoder_norm"), "decoder_norm.patches", 1);
  build.linear(patches, "decoder_pred", "pred");
  const std::string hidden = graph.node("GreaterOrEqual", {restore, graph.integers("visible", {V})}, "mask.hidden");
  graph.node("Cast", {hidden}, "mask", {{"to", Index{1}}});
  graph.output("pred", {dyn, L, n});
  graph.output("mask", {dyn, L});
  graph.output("ids_restore", {dyn, L}, OnnxElement::int64);
}

}  // namespace mae::detail
MAE_PRECISE_END
