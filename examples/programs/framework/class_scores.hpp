// How good a classifier is on labelled images: accuracy, what it takes for what, and where it is most wrong.
#pragma once
#include <mae/eval/confusion_matrix.hpp>

#include "predictions.hpp"

namespace program {

/// A confusion matrix as confusion.csv, a row for each class and a column for what it was called, and confusion.png.
void write_confusion(const mae::ConfusionMatrix& matrix, const std::vector<std::string>& names,
                     const std::string& folder);

/// Tells accuracy, top 5 too where there are more classes, and precision and recall. Writes scores.json, scores.csv,
/// confusion.csv, confusion.png, predicted.csv and, of the `worst` images of the highest loss, worst.png with what they
/// are and what they were taken for. Throws mae::Error if an image has no label, or one that the model does not know.
/// Returns the names of the files, "a, b".
std::string write_class_scores(const std::string& folder, const Predictor& predictor, const NewImages& images,
                               const std::vector<mae::Augmentation>& crops, mae::Index batch, const ClassNames& names,
                               mae::Index worst);

}  // namespace program
