// expect-error: mae: a sine-cosine position table needs a width that is a multiple of 4
#include <mae/nn/position.hpp>

#ifdef MAE_FIXED
mae::PositionTable<2, 2, 12> table;
#else
mae::PositionTable<2, 2, 10> table;
#endif
