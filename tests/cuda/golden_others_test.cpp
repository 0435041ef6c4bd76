// PyTorch's models on a GPU: all that tests/model checks for the processor and `golden` leaves.
#include <mae/mae.cuh>

#include "model/golden_classifier.hpp"
#include "model/golden_models.hpp"

using namespace test;

TEST_CASE_TEMPLATE("masked autoencoders, as in PyTorch", Case, golden::FiveChannels, golden::Grey, golden::HeadWidth80,
                   golden::Rectangular) {
  golden::check_model<Case, Cuda<float>>();
}
TEST_CASE("classifiers, as in PyTorch") {
  golden::check_classifier<golden::WithPool, Cuda<float>>("classifier_pool");
  golden::check_classifier<golden::WithToken, Cuda<float>>("classifier_token");
}
