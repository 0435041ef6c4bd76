#include "source_folder.hpp"

std::string test::source_folder() { return MAE_SOURCE_FOLDER; }
