// What `program::run_app` does (dispatch.hpp), for the files in which it is compiled.
#pragma once
#include "dispatch.hpp"

template <class App, class Line, class Device>
void program::run_app(typename App::Settings& settings) {
  App::template run<Line, Device>(settings);
}
