// Which part of the model comes from pre-training, it must say.
// expect-error: mae: this model does not say which part of it is the encoder: call that member `encoder`, or list
#include <mae/model/encoder.hpp>
#include <mae/model/encoder_parameters.hpp>

struct Mine {
  mae::Encoder<mae::ImageShape<1, 4, 4, 2>, mae::Transformer<8, 1, 1>> body;
  mae::Linear<8, 2> head;
  MAE_MODULE(body, head)
#ifdef MAE_FIXED
  constexpr void encoder_parts(auto&& visit) { visit("", body); }
#endif
};

int main() { mae::encoder_parameters<Mine>(); }
