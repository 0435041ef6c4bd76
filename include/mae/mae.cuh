// The library on an NVIDIA GPU: `Pretraining<Model, Cuda<bf16>>`. Needs CUDA's compiler, or a build with `mae::cuda`.
//
// Everything but the kernels is what `mae.hpp` lists, which may be included beside it. A program that wants both `Cpu`
// and `Cuda` uses them in separate source files: CUDA's compiler takes every lambda for one that the GPU may call, for
// it is constexpr, and cannot translate the vectors in those of `Cpu`'s kernels. Only this header and backend/cuda know
// of CUDA. One thread of a program at a time may use `Cuda`.
#pragma once
#include <mae/backend/cuda/kernels.cuh>

#include <mae/autograd/run/eager.hpp>
#include <mae/eval/nearest_neighbours.hpp>
#include <mae/eval/trivial_baseline.hpp>
#include <mae/eval/validation.hpp>
#include <mae/model/classifier.hpp>
#include <mae/model/encode.hpp>
#include <mae/model/presets.hpp>
#include <mae/optim/layer_decay.hpp>
#include <mae/train/finetune.hpp>
#include <mae/train/pretrain.hpp>
#include <mae/train/probe.hpp>
