// What a program needs that pre-trains and fine-tunes, in the order in which to read it. The standard library alone,
// and OpenMP where a file is built with it; no third party. All else is included by the name of its header.
//
//   1 core/             what every header stands on: numbers, shapes and their rules, random numbers, the one exception
//   2 backend/          who computes and where: the kernels' contract, plain loops, SIMD and threads, CUDA; memory
//   3 tensor/           numbers with a shape: tensors, views
//   4 autograd/trace/   a model becomes a list of operations, once, at compile time
//     autograd/plan/    where each value lives and what is computed again, with a proof
//     autograd/run/     weights, sessions and batch steps run the plan
//   5 ops/              the mathematics: an operation a file, forward and backward
//   6 nn/               layers with parameters
//   7 model/            the paper: masking, encoder, decoder, classifier
//   8 data/, optim/     what is learnt from; how weights move
//   9 eval/             what a model has learnt: metrics, neighbours, validation, reconstructions
//  10 train/            the loop, pre-training, fine-tuning, probing
//     io/files/         files read and written safely
//     io/tensors/       safetensors, and the files of PyTorch and NumPy
//     io/images/        images, folders of them, and the data sets of the field
//     io/annotations/   boxes and class maps of images: COCO, Pascal VOC, YOLO, PNG by number
//  11 checkpoint/       weights and runs on disk
//     plot/             images of results
//     interop/          Eigen and xtensor look at the same numbers
//
// A header includes its own room and those of lower numbers (io/files/ and io/tensors/ stand beside 3).
#pragma once
// clang-format off
#include <mae/core/config.hpp>   // version, Index, floating-point flags kept out
#include <mae/core/error.hpp>    // the one exception
#include <mae/core/bf16.hpp>     // half of a float
#include <mae/core/shape.hpp>    // Shape<dyn, 196, 768>
#include <mae/core/rules.hpp>    // shape rules
#include <mae/core/random.hpp>   // random numbers without state

#include <mae/backend/memory.hpp>       // where numbers live
#include <mae/backend/buffer.hpp>       // owning, aligned memory
#include <mae/backend/threads.hpp>      // who works at the same time
#include <mae/backend/isa.hpp>          // instruction sets
#include <mae/backend/policy.hpp>       // Reference, Cpu: a choice is a type
#include <mae/backend/kernels.hpp>      // the contract
#include <mae/backend/cpu/kernels.hpp>  // SIMD and threads
#include <mae/backend/step_queue.hpp>   // what is asked of them, and what they answer

#include <mae/tensor/tensor.hpp>  // Tensor and View

#include <mae/autograd/plan/graph.hpp>       // a traced network is a list
#include <mae/autograd/trace/tracer.hpp>     // how the list is written
#include <mae/autograd/trace/value.hpp>      // symbols with shapes
#include <mae/autograd/trace/parameter.hpp>  // modules and their parameters
#include <mae/autograd/trace/operation.hpp>  // what an operation is
#include <mae/autograd/trace/pointwise.hpp>  // fused arithmetic
#include <mae/autograd/plan/recompute.hpp>   // keep or compute again
#include <mae/autograd/plan/plan.hpp>        // where every byte lives
#include <mae/autograd/plan/verify.hpp>      // the proof of the plan
#include <mae/autograd/run/program.hpp>      // a model, ready to run
#include <mae/autograd/run/repeat.hpp>       // depth is data
#include <mae/autograd/run/weights.hpp>      // the numbers of a model
#include <mae/autograd/run/session.hpp>      // runs a program
#include <mae/autograd/run/batch_step.hpp>   // runs it on a batch, threads side by side

#include <mae/ops/linear.hpp>
#include <mae/ops/gelu.hpp>
#include <mae/ops/layer_norm.hpp>
#include <mae/ops/attention.hpp>
#include <mae/ops/gather.hpp>
#include <mae/ops/patchify.hpp>
#include <mae/ops/class_token.hpp>
#include <mae/ops/positions.hpp>
#include <mae/ops/restore.hpp>
#include <mae/ops/pool.hpp>
#include <mae/ops/standardize.hpp>
#include <mae/ops/drop_path.hpp>
#include <mae/ops/normalize_patches.hpp>
#include <mae/ops/patch_error.hpp>
#include <mae/ops/cross_entropy.hpp>

#include <mae/nn/init.hpp>
#include <mae/nn/linear.hpp>
#include <mae/nn/layer_norm.hpp>
#include <mae/nn/mlp.hpp>
#include <mae/nn/attention.hpp>
#include <mae/nn/block.hpp>
#include <mae/nn/patch_embed.hpp>
#include <mae/nn/position.hpp>

#include <mae/model/geometry.hpp>
#include <mae/model/mask_strategy.hpp>
#include <mae/model/masking.hpp>
#include <mae/model/encoder_parameters.hpp>
#include <mae/model/encoder.hpp>
#include <mae/model/decoder.hpp>
#include <mae/model/masked_autoencoder.hpp>
#include <mae/model/classifier.hpp>
#include <mae/model/presets.hpp>

#include <mae/data/image.hpp>
#include <mae/data/images.hpp>
#include <mae/data/dataset.hpp>
#include <mae/data/statistics.hpp>
#include <mae/data/resize.hpp>
#include <mae/data/augment.hpp>
#include <mae/data/batches.hpp>
#include <mae/optim/schedule.hpp>
#include <mae/optim/adamw.hpp>
#include <mae/optim/layer_decay.hpp>

#include <mae/eval/metrics.hpp>    // accuracy
#include <mae/train/options.hpp>   // what both kinds of training ask
#include <mae/train/loop.hpp>      // epochs, updates, passes
#include <mae/train/pretrain.hpp>  // masked autoencoding
#include <mae/train/finetune.hpp>  // supervised training
// clang-format on
