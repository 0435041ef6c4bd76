// The terminal, if standard output is one: whether a line can be drawn over, how wide it is, what fits.
#pragma once
#include <string>
#include <vector>

namespace program {

/// Whether lines can be drawn over: a terminal, and not one that the environment's TERM says is dumb.
bool can_redraw();
/// Columns of the terminal as it is now: as it says itself, else the environment's COLUMNS, else 80.
int columns();
/// The first of `lines`, each shorter than the one before, that leaves the last of `columns` free, so that a terminal
/// does not go on to the next row; else the beginning of the last.
std::string fitting(const std::vector<std::string>& lines, int columns);

/// Standard input, output and error that are closed become /dev/null, so that no file of the program takes their place
/// and gets what is printed. Output and error cannot be written then.
void keep_standard_files();

}  // namespace program
