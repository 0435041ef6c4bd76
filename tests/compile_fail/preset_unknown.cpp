// expect-error: mae::presets: no preset of model/presets.hpp has this name
#include <mae/model/presets.hpp>

#ifdef MAE_FIXED
using Known = mae::presets::Named<"tiny-32">;
#else
using Known = mae::presets::Named<"tiny-33">;
#endif

int main() { return Known::classes > 0; }
