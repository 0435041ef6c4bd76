// What a program asks of the operating system: to be told to stop gently, to hear of a full disk, to have room.
#pragma once
#include <string>

namespace program {

/// A write over a limit of file size fails like one on a full disk, instead of ending the program without a word, and
/// what is printed goes nowhere else where standard output is closed.
void begin();
/// That nobody reads any more what is printed is no reason to end the work: `finish` tells.
void outlive_readers();
/// The exit status: 0, or 1 after saying that what was printed could not all be written.
int finish();

/// Lets this thread's work be shared by `threads`, or for 0 by as many as may run; by no more than that, which is told.
/// Returns how many.
int use_threads(long long threads);

/// From now on Ctrl-C, SIGTERM and SIGHUP are remembered, to be asked for between steps. A second Ctrl-C or SIGTERM
/// ends the program at once; a terminal that closes may send SIGHUP twice. What nohup has told to ignore SIGHUP goes on
/// ignoring it. SIGUSR1 asks for a checkpoint.
void stop_gently();
/// SIGINT, SIGTERM or SIGHUP if one has come, else 0.
int stop_signal();
/// True if SIGUSR1 has come since it was asked last.
bool save_asked();

/// Throws mae::Error, naming `setting`, unless `folder` is one that files can be written to, or can be made. With
/// `bytes`, its disk must have room for so many. One that is there belongs to this program until it ends: another one
/// that wants to write there is refused.
void check_folder(const std::string& setting, const std::string& folder, long long bytes = 0);
/// Makes the folder and those above it, for this program alone as `check_folder` does.
void make_folder(const std::string& setting, const std::string& folder);

}  // namespace program
