#include <framework/trained/classifiers.hpp>

void program::with_classifier(Trained& trained) { on_device<Classifiers>(trained, trained.settings.machine.device); }
