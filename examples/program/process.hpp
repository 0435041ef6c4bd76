// What a program asks of the operating system: to be told to stop gently, to hear of a full disk, to have room.
#pragma once
#include <string>

namespace program {

/// A write over a limit of file size fails like one on a full disk, instead of ending the program without a word, and
/// what is printed goes nowhere else where standard output is closed.
void begin();
/// The exit status: 0, or 1 after saying that what was printed could not all be written.
int finish();

/// Lets this thread's work be shared by `threads`, or for 0 by as many as may run; by no more than that, which is told.
/// Returns how many.
int use_threads(long long threads);

/// From now on Ctrl-C and SIGTERM are remembered, to be asked for between steps. A second one ends the program at once.
void stop_gently();
/// SIGINT or SIGTERM if one has come, else 0.
int stop_signal();

/// Throws mae::Error, naming `setting`, unless `folder` is one that files can be written to, or can be made. Makes
/// nothing. With `bytes`, its disk must have room for so many.
void check_folder(const std::string& setting, const std::string& folder, long long bytes = 0);
/// Makes the folder and those above it.
void make_folder(const std::string& folder);

}  // namespace program
