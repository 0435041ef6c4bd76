// Five heads cannot share a width of 192.
// expect-error: mae::Transformer<D, Blocks, Heads>: the width D must be a multiple of Heads
// expect-text: 192, 5
#include <mae/model/geometry.hpp>

#ifdef MAE_FIXED
using Size = mae::Transformer<192, 12, 3>;
#else
using Size = mae::Transformer<192, 12, 5>;
#endif
mae::Index heads() { return Size::heads; }
