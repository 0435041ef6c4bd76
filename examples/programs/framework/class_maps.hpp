// Images with class maps, as `Source` opens them.
#pragma once
#include <bitset>

#include <mae/data/image.hpp>

#include "source.hpp"

namespace program {

struct ClassMapSettings {
  Settings& all;

  Text class_maps{
      all, "class_maps", "",
      "folder of class maps, PNG files named as the images of data; open: a folder masks, annotations, labels "
      "or SegmentationClass beside images",
      Scope::runtime};
  Text validation_class_maps{all, "validation_class_maps", "", "the same for the images of validation", Scope::runtime};
  Switch reduce_zero_label{all, "reduce_zero_label", false,
                           "in files 0 is no class, and 1 is the first, as in ADE20K; 255 is no class in any case"};
  Text classes{all, "classes", "", "names of classes in the order of their numbers, a JSON list; open: only numbers",
               Scope::runtime};
};

/// What can be asked of such a collection beside.
class OpenedClassMaps : public Opened {
 public:
  /// The map of image `number` as its file has it, [1, H, W]. Throws mae::Error if it cannot be read.
  virtual mae::Image own_map(mae::Index number) const = 0;
  /// The classes that occur in it.
  virtual const std::bitset<256>& classes_in(mae::Index number) const = 0;
};

/// Opens them, for a model of at most `classes`; every map is looked at. `settings` must outlive it.
Opener class_map_opener(const DataSettings& settings, const ClassMapSettings& maps, mae::Index channels,
                        mae::Index classes);

}  // namespace program
