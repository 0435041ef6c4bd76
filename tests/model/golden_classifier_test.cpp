// Vision transformers of timm as classifiers.
#include <mae/backend/cpu/kernels.hpp>
#include <mae/backend/reference.hpp>

#include "golden_classifier.hpp"

using namespace test;

TEST_CASE_TEMPLATE("the mean of the patch tokens, as in PyTorch", Policy, Cpu<float>, Cpu<double>, Reference<double>) {
  golden::check_classifier<golden::WithPool, Policy>("classifier_pool");
}
TEST_CASE_TEMPLATE("the class token, as in PyTorch", Policy, Cpu<float>, Cpu<double>, Reference<double>) {
  golden::check_classifier<golden::WithToken, Policy>("classifier_token");
}
