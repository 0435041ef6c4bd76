#include <framework/trained/detectors.hpp>

void program::with_detector(Trained& trained) { on_device<Detectors>(trained, trained.settings.machine.device); }
