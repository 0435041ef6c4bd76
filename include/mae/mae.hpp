// The whole library, in the order in which to read it. Standard library and OpenMP only; `mae/io`, which
// needs third parties, is included by name.
#pragma once
// 1 core: what a shape is
#include <mae/core/config.hpp>  // version, threads, instruction sets
#include <mae/core/error.hpp>   // the one exception
#include <mae/core/bf16.hpp>    // half of a float
#include <mae/core/shape.hpp>   // Shape<dyn, 196, 768>
#include <mae/core/rules.hpp>   // every shape rule and its sentence
#include <mae/core/random.hpp>  // random numbers without state
// 2 backend: who computes
#include <mae/backend/policy.hpp>     // Reference, Cpu: a choice is a type
#include <mae/backend/kernels.hpp>    // the contract
#include <mae/backend/reference.hpp>  // its meaning in plain loops
#include <mae/backend/cpu/kernels.hpp>  // SIMD and threads
// 3 tensor: what a tensor is
#include <mae/tensor/buffer.hpp>  // owning, aligned memory
#include <mae/tensor/tensor.hpp>  // Tensor and View
// 4 autograd: who remembers
#include <mae/autograd/plan/graph.hpp>          // a traced network is a list
#include <mae/autograd/plan/plan.hpp>           // where every byte lives
#include <mae/autograd/plan/recompute.hpp>      // keep or recompute
#include <mae/autograd/plan/verify.hpp>         // the proof of the plan
#include <mae/autograd/run/batch_step.hpp>      // runs it on a batch, threads side by side
#include <mae/autograd/run/eager.hpp>           // the same code, run as it is written
#include <mae/autograd/run/gradient_check.hpp>  // is backward the derivative?
#include <mae/autograd/run/program.hpp>         // a model, ready to run
#include <mae/autograd/run/repeat.hpp>          // depth is data
#include <mae/autograd/run/session.hpp>         // runs a program
#include <mae/autograd/run/weights.hpp>         // the numbers of a model
#include <mae/autograd/trace/operation.hpp>     // what an operation is
#include <mae/autograd/trace/parameter.hpp>     // modules and their parameters
#include <mae/autograd/trace/pointwise.hpp>     // fused arithmetic
#include <mae/autograd/trace/tracer.hpp>        // how the list is written
#include <mae/autograd/trace/value.hpp>         // symbols with shapes
// 5 ops: the mathematics, forward and backward
#include <mae/ops/attention.hpp>
#include <mae/ops/drop_path.hpp>
#include <mae/ops/error_placeholder.hpp>
#include <mae/ops/gather.hpp>
#include <mae/ops/gelu.hpp>
#include <mae/ops/layer_norm.hpp>
#include <mae/ops/linear.hpp>
#include <mae/ops/loss.hpp>
#include <mae/ops/patchify.hpp>
#include <mae/ops/pool.hpp>
#include <mae/ops/tokens.hpp>
// 6 nn: layers with parameters
#include <mae/nn/init.hpp>
#include <mae/nn/linear.hpp>
#include <mae/nn/layer_norm.hpp>
#include <mae/nn/mlp.hpp>
#include <mae/nn/attention.hpp>
#include <mae/nn/block.hpp>
#include <mae/nn/patch_embed.hpp>
#include <mae/nn/position.hpp>
// 7 model: the paper
#include <mae/model/classifier.hpp>
#include <mae/model/decoder.hpp>
#include <mae/model/encode.hpp>
#include <mae/model/encoder.hpp>
#include <mae/model/encoder_parameters.hpp>
#include <mae/model/geometry.hpp>
#include <mae/model/masked_autoencoder.hpp>
#include <mae/model/masking.hpp>
#include <mae/model/presets.hpp>
// 8 optim, data: how weights move, and what they learn from
#include <mae/data/augment.hpp>
#include <mae/data/batches.hpp>
#include <mae/data/dataset.hpp>
#include <mae/data/image.hpp>
#include <mae/data/images.hpp>
#include <mae/data/resize.hpp>
#include <mae/data/statistics.hpp>
#include <mae/optim/adamw.hpp>
#include <mae/optim/in_backward.hpp>
#include <mae/optim/layer_decay.hpp>
#include <mae/optim/schedule.hpp>
// 9 train: one readable loop
#include <mae/eval/metrics.hpp>             // accuracy
#include <mae/eval/nearest_neighbours.hpp>  // features judged without training
#include <mae/eval/trivial_baseline.hpp>    // what predicting the mean gives
#include <mae/eval/validation.hpp>          // the loss on other images
#include <mae/train/finetune.hpp>           // supervised training
#include <mae/train/interval.hpp>           // is it time?
#include <mae/train/loop.hpp>               // epochs, updates, passes
#include <mae/train/options.hpp>            // what both kinds of training ask
#include <mae/train/pretrain.hpp>           // masked autoencoding
#include <mae/train/pretrained.hpp>         // an encoder and its normalisation
#include <mae/train/probe.hpp>              // of the head alone
