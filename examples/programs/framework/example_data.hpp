// Where examples/data lies, for programs that CMake builds: MAE_EXAMPLE_DATA. The name of the folder, which differs
// from machine to machine, is compiled in example_data.cpp alone, so that a compiler cache knows the rest again.
#pragma once

extern const char example_data[];
#define MAE_EXAMPLE_DATA example_data
