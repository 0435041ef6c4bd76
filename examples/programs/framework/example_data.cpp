#include "example_data.hpp"

const char example_data[] = EXAMPLE_DATA_FOLDER;
