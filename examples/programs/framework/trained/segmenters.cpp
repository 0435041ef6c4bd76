#include <framework/trained/segmenters.hpp>

void program::with_segmenter(Trained& trained) { on_device<Segmenters>(trained, trained.settings.machine.device); }
