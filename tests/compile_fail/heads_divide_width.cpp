// expect-error: mae::Attention<D, Heads>: the width D must be a multiple of Heads
// expect-text: 64
#include <mae/nn/attention.hpp>

#ifdef MAE_FIXED
mae::Attention<64, 8> attention;
#else
mae::Attention<64, 7> attention;
#endif
